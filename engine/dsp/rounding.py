"""From float to int16 in the instructions that processors have for it: select, min, max, round, in vectors.

The same in Python's `min`, `max` and `round` compiles to branches of twice the time.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_INT32 = ir.IntType(32)
_INT16 = ir.IntType(16)
_NO_NAN = ("nnan", "nsz")


@intrinsic
def to_int16(typing_context: Any, value: Any) -> Any:
    """Round a float32 or float64 to the nearest int16, half to even; clipped at -32768 and 32767, NaN as 0."""
    float_, suffix = (ir.DoubleType(), "f64") if value == types.float64 else (ir.FloatType(), "f32")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def constant(number: float) -> Any:
            return ir.Constant(float_, number)

        def bound(name: str, one: Any, other: Any) -> Any:
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(float_, [float_, float_]), f"llvm.{name}.{suffix}"
            )
            return builder.call(function, [one, other], fastmath=_NO_NAN)

        number = builder.select(builder.fcmp_ordered("ord", args[0], args[0]), args[0], constant(0.0))
        clipped = bound("maxnum", bound("minnum", number, constant(32767.0)), constant(-32768.0))
        round_ = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_INT32, [float_]), f"llvm.lrint.i32.{suffix}"
        )
        return builder.trunc(builder.call(round_, [clipped]), _INT16)

    return types.int16(value), generate
