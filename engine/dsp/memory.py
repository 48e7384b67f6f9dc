"""Memory that never moves: aligned blocks of words and samples that kernels reach by address, and their owners."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

_LINE_BYTES = 128
"""Two cache lines: x86 prefetches them in pairs."""


class Pinned:
    """Base of whatever owns memory that kernels know by its address: a copy would have the address of the original."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} cannot be copied: compiled code knows its memory by address.")


def aligned_words(count: int) -> NDArray[np.int64]:
    """Return `count` zeroed int64 words that start on a 128-byte boundary, in memory that is there already."""
    raw = np.empty(count + _LINE_BYTES // 8, np.int64)
    # The memory of np.zeros has yet to be found, page by page, when it is first written to: by the audio thread, 47
    # times a second at 48 kHz, until a ring has gone round. What is written here is there.
    raw.fill(0)
    start = (-raw.ctypes.data % _LINE_BYTES) // 8
    return raw[start : start + count]


def aligned_samples(count: int) -> NDArray[np.float32]:
    """Return `count` zeroed float32 samples that start on a page, in memory that is there already.

    They go back to the system when they are let go: rings from the heap, made anew by a thread of its own whenever a
    device was lost, left 12 MB there in half an hour of faults.
    """
    samples = np.frombuffer(_pages(4 * max(1, count)), np.float32, count)
    samples.fill(0)
    return samples


def _pages(size_bytes: int) -> mmap.mmap:
    """Return memory that is not shared with processes that are forked."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size_bytes)
    return mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def address_of(array: Any) -> int:
    """Return the address of a contiguous `ndarray`; 0.3 us where it can be written, else 2 us.

    `ndarray.ctypes.data` takes 1.1 us: three of them were half of what a block costs a pump thread.
    """
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError):  # read-only or empty
        return int(array.ctypes.data)


def is_plain(array: object, dtype: np.dtype[Any], dimensions: int) -> bool:
    """Whether kernels can read an array by its address: of that type and number of dimensions, and contiguous.

    Args:
        array: Anything.
        dtype: Type of its elements.
        dimensions: Number of its dimensions.
    """
    return (
        type(array) is np.ndarray  # a subclass may say anything of itself
        and array.dtype == dtype
        and array.ndim == dimensions
        and (flags := array.flags).c_contiguous
        and flags.aligned
    )
