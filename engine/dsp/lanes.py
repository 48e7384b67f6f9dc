"""Filters in vector registers, in LLVM's own vectors: sixteen filters side by side, or one filter on 64 outputs.

Plain loops over samples became machine code of half the speed: LLVM unrolls a loop over 16 lanes before it thinks of
vectors (18 us for 20 ms from 44.1 to 48 kHz where this takes 7), and loads the samples anew for every tap, though
taps that are 16 apart need the same vectors. 16 lanes are one register of AVX-512, two of AVX2, four of NEON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16
"""Outputs of one vector."""
UNROLLED = 4
"""Sums of `filter_lanes` that run side by side, so that an addition need not wait for the one before."""
TILE_VECTORS = 4
TILE = TILE_VECTORS * LANES
"""Outputs of `filter_tile`."""
_SHARING = 3
"""Taps, 16 apart, that share the vectors of a tile: six loads for twelve multiplications instead of twelve."""
_TILE_BLOCK = _SHARING * LANES
"""Taps whose products are summed before they are added to the rest: the error of a sum grows with its length."""

_FLOAT = ir.FloatType()
_I64 = ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * LANES)


def _number(value: int) -> Any:
    return ir.Constant(_I64, value)


def _float_address(builder: Any, address: Any, index: Any) -> Any:
    return builder.add(address, builder.mul(index, _number(4)))


def _load(builder: Any, address: Any) -> Any:
    """16 floats that may lie anywhere."""
    return builder.load(builder.inttoptr(address, _VECTOR.as_pointer()), align=4)


def _store(builder: Any, vector: Any, address: Any) -> None:
    builder.store(vector, builder.inttoptr(address, _VECTOR.as_pointer()), align=4)


def _everywhere(builder: Any, address: Any) -> Any:
    """One float in all lanes."""
    value = builder.load(builder.inttoptr(address, _FLOAT.as_pointer()), align=4)
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _add_product(builder: Any, one: Any, other: Any, place: Any) -> None:
    """Add the product of two vectors to the sum at a place, rounded once."""
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    multiply_add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")
    builder.store(builder.call(multiply_add, [one, other, builder.load(place)]), place)


def _sums(builder: Any, count: int) -> list[Any]:
    """Places for sums; LLVM keeps them in registers."""
    return [cgutils.alloca_once(builder, _VECTOR) for _ in range(count)]


def _clear(builder: Any, places: Sequence[Any]) -> None:
    for place in places:
        builder.store(_ZERO, place)


@intrinsic
def filter_lanes(typing_context: Any, x: Any, table: Any, taps: Any, y: Any) -> Any:
    """y[m] = sum over k of table[k][m] * x[m + k], for 16 lanes m; `taps` is a multiple of `UNROLLED`.

    All arguments but `taps` are addresses of float32.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, table, taps, y = args
        sums = _sums(builder, UNROLLED)
        _clear(builder, sums)
        with cgutils.for_range(builder, builder.sdiv(taps, _number(UNROLLED))) as loop:
            for step, place in enumerate(sums):
                tap = builder.add(builder.mul(loop.index, _number(UNROLLED)), _number(step))
                weights = _load(builder, _float_address(builder, table, builder.mul(tap, _number(LANES))))
                _add_product(builder, _load(builder, _float_address(builder, x, tap)), weights, place)
        first, second, third, fourth = (builder.load(place) for place in sums)
        _store(builder, builder.fadd(builder.fadd(first, second), builder.fadd(third, fourth)), y)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def filter_tile(typing_context: Any, x: Any, table: Any, taps: Any, y: Any, more: Any) -> Any:
    """y[m] = sum over k of table[k] * x[m + k], for 64 outputs m; `more` not 0 adds to what is there.

    All arguments but `taps` and `more` are addresses of float32.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, table, taps, y, more = args
        totals, sums = _sums(builder, TILE_VECTORS), _sums(builder, TILE_VECTORS)
        _clear(builder, totals)

        def multiply(tap: Any, sharing: int) -> None:
            weights = [
                _everywhere(builder, _float_address(builder, table, builder.add(tap, _number(LANES * step))))
                for step in range(sharing)
            ]
            for vector in range(TILE_VECTORS + sharing - 1):
                samples = _load(builder, _float_address(builder, x, builder.add(tap, _number(LANES * vector))))
                for step, weight in enumerate(weights):
                    if 0 <= vector - step < TILE_VECTORS:
                        _add_product(builder, samples, weight, sums[vector - step])

        def add_to_totals() -> None:
            for total, place in zip(totals, sums, strict=True):
                builder.store(builder.fadd(builder.load(total), builder.load(place)), total)

        blocks = builder.sdiv(taps, _number(_TILE_BLOCK))
        with cgutils.for_range(builder, blocks) as block:
            first = builder.mul(block.index, _number(_TILE_BLOCK))
            _clear(builder, sums)
            with cgutils.for_range(builder, _number(LANES)) as loop:
                multiply(builder.add(first, loop.index), _SHARING)
            add_to_totals()
        done = builder.mul(blocks, _number(_TILE_BLOCK))
        _clear(builder, sums)
        with cgutils.for_range(builder, builder.sub(taps, done)) as loop:
            multiply(builder.add(done, loop.index), 1)
        add_to_totals()
        adds = builder.icmp_signed("!=", more, _number(0))
        for vector, total in enumerate(totals):
            place = builder.add(y, _number(4 * LANES * vector))
            before = builder.select(adds, _load(builder, place), _ZERO)
            _store(builder, builder.fadd(builder.load(total), before), place)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64, types.int64), generate
