"""`voice bench dsp`: the conversions that every block of every direction passes through."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import Quantiles, Result
from benchmarks.timing import interleaved
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32

_FRAMES = (480, 1_000_000)


def measure(seconds: float) -> Iterator[Result]:
    """Yield float32 -> PCM16 and back, each against the line of numpy that clients use."""
    rng = np.random.default_rng(1)
    for frames in _FRAMES:
        samples = rng.uniform(-1.2, 1.2, frames).astype(np.float32)
        to_wire = {"ours": partial(float32_to_pcm16, samples), "numpy": partial(_numpy_to_pcm16, samples)}
        yield _result(f"float32_to_pcm16/{frames}", interleaved(to_wire, seconds))
        pcm16 = rng.integers(-32768, 32767, frames, dtype=np.int16)
        from_wire = {"ours": partial(pcm16_to_float32, pcm16), "numpy": partial(_numpy_to_float32, pcm16)}
        yield _result(f"pcm16_to_float32/{frames}", interleaved(from_wire, seconds))


def _result(case: str, figures: dict[str, Quantiles]) -> Result:
    return Result("dsp", case, "ns", figures["ours"], {"numpy": figures["numpy"]})


def _numpy_to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)


def _numpy_to_float32(pcm16: NDArray[np.int16]) -> NDArray[np.float32]:
    return pcm16.astype(np.float32) / np.float32(32768.0)
