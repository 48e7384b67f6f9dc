"""Intrinsics of the audio thread: memory by address with the ordering that two threads need, the clock, a wake-up.

An address counts bytes; a word is 8 bytes and `index` counts words. Each intrinsic is one or two machine instructions;
`align=8` matters, because a smaller alignment turns an atomic access into a call of a library.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_I8 = ir.IntType(8)
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_F64 = ir.DoubleType()


def _word(builder: Any, address: Any, index: Any, type_: Any) -> Any:
    return builder.gep(builder.inttoptr(address, type_.as_pointer()), [index])


@intrinsic
def load(typing_context: Any, address: Any, index: Any) -> Any:
    """Plain load of the int64 at `address + 8 * index`: for words that only this side writes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_word(builder, args[0], args[1], _I64), align=8)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def store(typing_context: Any, address: Any, index: Any, value: Any) -> Any:
    """Plain store of an int64."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _word(builder, args[0], args[1], _I64), align=8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def load_acquire(typing_context: Any, address: Any, index: Any) -> Any:
    """Load an int64 that the other side releases: what it wrote before is visible after this."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_word(builder, args[0], args[1], _I64), "acquire", 8)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def store_release(typing_context: Any, address: Any, index: Any, value: Any) -> Any:
    """Publish an int64: everything this side wrote before is visible to whoever acquires it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _word(builder, args[0], args[1], _I64), "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def load_float(typing_context: Any, address: Any, index: Any) -> Any:
    """Relaxed load of a float64 that shares the block with the integers (a gain, a meter)."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(builder.load_atomic(_word(builder, args[0], args[1], _I64), "monotonic", 8), _F64)

    return types.float64(types.int64, types.int64), generate


@intrinsic
def store_float(typing_context: Any, address: Any, index: Any, value: Any) -> Any:
    """Relaxed store of a float64."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _word(builder, args[0], args[1], _I64)
        builder.store_atomic(builder.bitcast(args[2], _I64), pointer, "monotonic", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float64), generate


def _pointer_intrinsic(element: Any) -> Any:
    @intrinsic
    def pointer(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return types.CPointer(element)(types.int64), generate

    return pointer


float32_pointer = _pointer_intrinsic(types.float32)
"""Makes an address the float32 pointer that `numba.carray` takes."""
int16_pointer = _pointer_intrinsic(types.int16)
"""The same for int16."""


@intrinsic
def copy_bytes(typing_context: Any, target: Any, source: Any, count: Any) -> Any:
    """Copy `count` bytes between two addresses whose memory does not overlap."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bytes_pointer = _I8.as_pointer()
        memcpy = builder.module.declare_intrinsic("llvm.memcpy", [bytes_pointer, bytes_pointer, _I64])
        target, source = (builder.inttoptr(arg, bytes_pointer) for arg in args[:2])
        builder.call(memcpy, [target, source, args[2], ir.Constant(ir.IntType(1), 0)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


# Python's time.monotonic() reads CLOCK_MONOTONIC on Linux and mach_absolute_time() on macOS, which is CLOCK_UPTIME_RAW.
_CLOCK_ID = 8 if sys.platform == "darwin" else getattr(time, "CLOCK_MONOTONIC", 0)


@intrinsic
def monotonic_ns(typing_context: Any) -> Any:
    """Nanoseconds of the clock that `time.monotonic` reads; 0 on Windows, where no such C function exists.

    clock_gettime is answered without a system call (vDSO on Linux, commpage on macOS).
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if sys.platform == "win32":
            return ir.Constant(_I64, 0)
        timespec = cgutils.alloca_once(builder, ir.ArrayType(_I64, 2))
        function_type = ir.FunctionType(_I32, [_I32, timespec.type])
        clock_gettime = cgutils.get_or_insert_function(builder.module, function_type, "clock_gettime")
        builder.call(clock_gettime, [ir.Constant(_I32, _CLOCK_ID), timespec])
        zero = ir.Constant(_I32, 0)
        seconds = builder.load(builder.gep(timespec, [zero, zero]))
        nanoseconds = builder.load(builder.gep(timespec, [zero, ir.Constant(_I32, 1)]))
        return builder.add(builder.mul(seconds, ir.Constant(_I64, 1_000_000_000)), nanoseconds)

    return types.int64(), generate


@intrinsic
def signal_descriptor(typing_context: Any, descriptor: Any) -> Any:
    """Write the 8-byte number 1 to a non-blocking eventfd or pipe, which wakes whoever polls it.

    A full pipe refuses at once, and is as good as a wake-up: there is one in it already.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if sys.platform == "win32":
            return context.get_dummy_value()
        one = cgutils.alloca_once_value(builder, ir.Constant(_I64, 1))
        function_type = ir.FunctionType(_I64, [_I32, one.type, _I64])
        write = cgutils.get_or_insert_function(builder.module, function_type, "write")
        builder.call(write, [builder.trunc(args[0], _I32), one, ir.Constant(_I64, 8)])
        return context.get_dummy_value()

    return types.void(types.int64), generate
