"""Memory that never moves: cache-line aligned blocks of words and samples that kernels reach by address."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.kernels.ring_layout import LINE_WORDS


def aligned_words(count: int) -> NDArray[np.int64]:
    """Return `count` zeroed int64 words that start on a 128-byte boundary, in memory that is there already."""
    raw = np.empty(count + LINE_WORDS, np.int64)
    # The memory of np.zeros has yet to be found, page by page, when it is first written to: by the audio thread, 47
    # times a second at 48 kHz, until a ring has gone round. What is written here is there.
    raw.fill(0)
    start = (-raw.ctypes.data % (8 * LINE_WORDS)) // 8
    return raw[start : start + count]


def aligned_samples(count: int) -> NDArray[np.float32]:
    """Return `count` zeroed float32 samples that start on a 128-byte boundary."""
    return aligned_words((count + 1) // 2).view(np.float32)[:count]
