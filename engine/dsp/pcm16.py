"""Samples to the wire and back: float32 in [-1, 1) and signed 16-bit PCM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compile.library import library
from engine.dsp.memory import address_of, is_plain
from engine.errors import InvalidInputError

_INT16 = np.dtype(np.int16)


def float32_to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round float32 samples to int16: nearest, half to even, clipped at -32768 and 32767, NaN as silence.

    Args:
        samples: Any shape and layout; taken as one row.

    Returns:
        1-D int16, a new array.

    Example:
        >>> float32_to_pcm16(np.array([0.5, 2.0], np.float32)).tolist()
        [16384, 32767]
    """
    row = np.ascontiguousarray(samples, np.float32).reshape(-1)
    pcm = np.empty(row.size, np.int16)
    library().float32_to_pcm16(address_of(row), address_of(pcm), row.size)
    return pcm


def pcm16_to_float32(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Scale int16 samples by 1/32768 to float32, exactly.

    Args:
        pcm: int16 of any shape and layout; taken as one row.

    Returns:
        1-D float32, a new array.

    Raises:
        InvalidInputError: the samples are not int16: scaling another type would be a guess.

    Example:
        >>> pcm16_to_float32(np.array([16384, -32768], np.int16)).tolist()
        [0.5, -1.0]
    """
    row = pcm
    if not is_plain(pcm, _INT16, 1):
        if pcm.dtype.kind != "i" or pcm.dtype.itemsize != 2:
            raise InvalidInputError(f"PCM16 is int16, not {pcm.dtype}.")
        row = np.ascontiguousarray(pcm, np.int16).reshape(-1)
    samples = np.empty(row.size, np.float32)
    library().pcm16_to_float32(row.ctypes.data, address_of(samples), row.size)
    return samples
