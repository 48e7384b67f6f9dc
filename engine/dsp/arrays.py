"""The array types of kernels, and how a Python function hands any array to one.

A kernel is compiled for contiguous arrays of one type; numba checks what it is given, at 60 ns an array, and refuses
all else with a TypeError. So the usual array goes straight in, and the unusual one is copied first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from engine.errors import InvalidInputError

READ_FLOAT32 = types.Array(types.float32, 1, "C", readonly=True)
"""1-D, contiguous; bytes from the wire are read-only."""
READ_INT16 = types.Array(types.int16, 1, "C", readonly=True)
FLOAT32 = types.Array(types.float32, 1, "C")
INT16 = types.Array(types.int16, 1, "C")
READ_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
BYTES = types.Array(types.uint8, 1, "C")
READ_BLOCK = types.Array(types.float32, 2, "C", readonly=True)
"""Frames of interleaved channels."""
BLOCK = types.Array(types.float32, 2, "C")


def as_float32(samples: Any) -> NDArray[np.float32]:
    """Return a 1-D copy that every kernel takes, whatever the type and the layout were."""
    return np.array(samples, np.float32).reshape(-1)


def as_int16(pcm: Any) -> NDArray[np.int16]:
    """Return a 1-D copy of PCM16 samples that every kernel takes; only int16 can be PCM16.

    Raises:
        InvalidInputError: another type: scaling it would be a guess.
    """
    copied = np.array(pcm)
    if copied.dtype.kind != "i" or copied.dtype.itemsize != 2:
        raise InvalidInputError(f"PCM16 is int16, not {copied.dtype}.")
    return copied.astype(np.int16).reshape(-1)


def check_row(out: NDArray[Any] | None, dtype: np.dtype[Any], size: int) -> None:
    """Say why a result cannot be written to an array that a caller gave.

    Raises:
        InvalidInputError: it is not 1-D, contiguous, writable, of the type and of the size.
    """
    if out is None:
        return
    if out.dtype != dtype or out.ndim != 1 or not out.flags.carray:
        raise InvalidInputError(f"The result goes into a contiguous, writable row of {dtype}.")
    if out.size != size:
        raise InvalidInputError(f"{size} samples do not fit into {out.size}.")
