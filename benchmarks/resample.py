"""`voice bench resample`: what 20 ms cost a streaming resampler, how late its output is, and how clean."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.case import Case
from benchmarks.resample_quality import Quality, measure_quality
from benchmarks.results import Quantiles, Result, compared
from benchmarks.rivals import find_rival
from benchmarks.timing import interleaved
from engine.dsp.resample import make_resampler

_RATES_HZ = (16000, 24000, 44100, 48000)
_BLOCK_MS = 20
_BLOCKS = 50
"""A sample is one second of sound: soxr gives its output in bursts of up to 40 ms."""
_LIBSAMPLERATE = "libsamplerate"


def cases() -> list[Case]:
    """Every pair of the rates that devices and services use."""
    return [Case(f"resample/{source}-{target}", partial(_pair, source, target)) for source, target in _pairs()]


def _pairs() -> list[tuple[int, int]]:
    return list(permutations(_RATES_HZ, 2))


class SoxrStream:
    """soxr's stream behind the names that ours has."""

    def __init__(self, source_hz: int, target_hz: int, quality: str) -> None:
        self._stream = soxr.ResampleStream(source_hz, target_hz, 1, "float32", quality)

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block, return what is ready."""
        resampled: NDArray[np.float32] = self._stream.resample_chunk(samples)
        return resampled

    def flush(self) -> NDArray[np.float32]:
        """Return the tail."""
        resampled: NDArray[np.float32] = self._stream.resample_chunk(np.empty(0, np.float32), last=True)
        return resampled


def _pair(source_hz: int, target_hz: int, seconds: float) -> Result:
    block = np.random.default_rng(1).uniform(-0.5, 0.5, source_hz * _BLOCK_MS // 1000).astype(np.float32)
    functions: dict[str, Callable[[], object]] = {"ours": partial(make_resampler(source_hz, target_hz).process, block)}
    for quality in ("HQ", "LQ"):
        functions[f"soxr {quality}"] = partial(SoxrStream(source_hz, target_hz, quality).process, block)
    samplerate = find_rival("samplerate")
    if samplerate:
        stream = samplerate.Resampler("sinc_medium")
        functions[_LIBSAMPLERATE] = partial(stream.process, block, target_hz / source_hz)
    figures = interleaved(functions, seconds, calls=_BLOCKS)
    return compared(
        "resample",
        f"resample/{source_hz}-{target_hz}",
        "ns",
        figures,
        missing=() if samplerate else (_LIBSAMPLERATE,),
        extra=_qualities(source_hz, target_hz, figures),
    )


def _qualities(source_hz: int, target_hz: int, figures: dict[str, Quantiles]) -> dict[str, Any]:
    """Ours under plain names, soxr's beside them."""
    ours = measure_quality(lambda: make_resampler(source_hz, target_hz), source_hz, target_hz)
    extra = _rounded(ours)
    for quality in ("HQ", "LQ"):
        if f"soxr {quality}" in figures:
            make = partial(SoxrStream, source_hz, target_hz, quality)
            extra[f"soxr {quality}"] = _rounded(measure_quality(make, source_hz, target_hz))
    return extra


def _rounded(quality: Quality) -> dict[str, Any]:
    return {
        "delay_ms": round(quality.delay_ms, 2),
        "group_delay_ms": round(quality.group_delay_ms, 2),
        "withheld_ms": round(quality.withheld_ms, 2),
        "snr_db": round(quality.snr_db, 1),
        "rejection_db": round(quality.rejection_db, 1),
        "phase": quality.phase,
    }
