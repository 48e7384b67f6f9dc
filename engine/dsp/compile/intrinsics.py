"""Intrinsics of the audio thread: memory by address with the ordering that two threads need, the clock, a wake-up.

An address counts bytes; a word is 8 bytes and `index` counts words. Each intrinsic is one or two machine instructions;
`align=8` matters, because a smaller alignment turns an atomic access into a call of a library.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.dsp.compile import host

_I8 = ir.IntType(8)
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_F64 = ir.DoubleType()
_ADDRESS, _INDEX = types.int64, types.int64


def _word(builder: Any, address: Any, index: Any, type_: Any) -> Any:
    return builder.gep(builder.inttoptr(address, type_.as_pointer()), [index])


def _emitted(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make an intrinsic of a function that emits its instructions and returns its value, None if it has none."""

    def declare(emit: Callable[..., Any]) -> Any:
        def typed(typing_context: Any, *_arguments: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
                value = emit(builder, *values)
                return context.get_dummy_value() if value is None else value

            return signature, generate

        return intrinsic(functools.wraps(emit)(typed))

    return declare


@_emitted(types.int64(_ADDRESS, _INDEX))
def load(builder: Any, address: Any, index: Any) -> Any:
    """Plain load of the int64 at `address + 8 * index`: for words that only this side writes."""
    return builder.load(_word(builder, address, index, _I64), align=8)


@_emitted(types.void(_ADDRESS, _INDEX, types.int64))
def store(builder: Any, address: Any, index: Any, value: Any) -> None:
    """Plain store of an int64."""
    builder.store(value, _word(builder, address, index, _I64), align=8)


@_emitted(types.int64(_ADDRESS, _INDEX))
def load_acquire(builder: Any, address: Any, index: Any) -> Any:
    """Load an int64 that the other side releases: what it wrote before is visible after this."""
    return builder.load_atomic(_word(builder, address, index, _I64), "acquire", 8)


@_emitted(types.void(_ADDRESS, _INDEX, types.int64))
def store_release(builder: Any, address: Any, index: Any, value: Any) -> None:
    """Publish an int64: everything this side wrote before is visible to whoever acquires it."""
    builder.store_atomic(value, _word(builder, address, index, _I64), "release", 8)


@_emitted(types.float64(_ADDRESS, _INDEX))
def load_float(builder: Any, address: Any, index: Any) -> Any:
    """Relaxed load of a float64 that shares the block with the integers (a gain, a meter)."""
    return builder.bitcast(builder.load_atomic(_word(builder, address, index, _I64), "monotonic", 8), _F64)


@_emitted(types.void(_ADDRESS, _INDEX, types.float64))
def store_float(builder: Any, address: Any, index: Any, value: Any) -> None:
    """Relaxed store of a float64."""
    builder.store_atomic(builder.bitcast(value, _I64), _word(builder, address, index, _I64), "monotonic", 8)


@_emitted(types.CPointer(types.float32)(_ADDRESS))
def float32_pointer(builder: Any, address: Any) -> Any:
    """Make an address the float32 pointer that `numba.carray` takes."""
    return builder.inttoptr(address, ir.FloatType().as_pointer())


@_emitted(types.CPointer(types.int16)(_ADDRESS))
def int16_pointer(builder: Any, address: Any) -> Any:
    """Make an address the int16 pointer that `numba.carray` takes."""
    return builder.inttoptr(address, ir.IntType(16).as_pointer())


@_emitted(types.void(_ADDRESS, _ADDRESS, types.int64))
def copy_bytes(builder: Any, target: Any, source: Any, count: Any) -> None:
    """Copy `count` bytes between two addresses whose memory does not overlap."""
    bytes_pointer = _I8.as_pointer()
    memcpy = builder.module.declare_intrinsic("llvm.memcpy", [bytes_pointer, bytes_pointer, _I64])
    target, source = (builder.inttoptr(address, bytes_pointer) for address in (target, source))
    builder.call(memcpy, [target, source, count, ir.Constant(ir.IntType(1), 0)])


@_emitted(types.int64())
def monotonic_ns(builder: Any) -> Any:
    """Nanoseconds of the clock that `time.monotonic` reads; 0 on Windows, where no such C function exists.

    clock_gettime is answered without a system call (vDSO on Linux, commpage on macOS).
    """
    if host.CLOCK_ID is None:
        return ir.Constant(_I64, 0)
    timespec = cgutils.alloca_once(builder, ir.ArrayType(_I64, 2))
    function_type = ir.FunctionType(_I32, [_I32, timespec.type])
    clock_gettime = cgutils.get_or_insert_function(builder.module, function_type, "clock_gettime")
    builder.call(clock_gettime, [ir.Constant(_I32, host.CLOCK_ID), timespec])
    zero = ir.Constant(_I32, 0)
    seconds = builder.load(builder.gep(timespec, [zero, zero]))
    nanoseconds = builder.load(builder.gep(timespec, [zero, ir.Constant(_I32, 1)]))
    return builder.add(builder.mul(seconds, ir.Constant(_I64, 1_000_000_000)), nanoseconds)


@_emitted(types.void(types.int64))
def signal_descriptor(builder: Any, descriptor: Any) -> None:
    """Write the 8-byte number 1 to a non-blocking eventfd or socket, which wakes whoever polls it.

    A full socket refuses at once, and is as good as a wake-up: there is one in it already.
    """
    one = cgutils.alloca_once_value(builder, ir.Constant(_I64, 1))
    if host.WRITES_TO_SOCKETS:
        function_type = ir.FunctionType(_I64, [_I32, one.type, _I64])
        write = cgutils.get_or_insert_function(builder.module, function_type, "write")
        builder.call(write, [builder.trunc(descriptor, _I32), one, ir.Constant(_I64, 8)])
    else:
        function_type = ir.FunctionType(_I32, [_I64, one.type, _I32, _I32])
        send = cgutils.get_or_insert_function(builder.module, function_type, "send")
        builder.call(send, [descriptor, one, ir.Constant(_I32, 8), ir.Constant(_I32, 0)])
