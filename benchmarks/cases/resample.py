"""`voice bench resample`: what 20 and 100 ms cost a streaming resampler, how late its output is, and how clean."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import permutations, product
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.case import Case
from benchmarks.report.results import Quantiles, Result, compared
from benchmarks.report.rivals import find_rival
from benchmarks.signals.resample_quality import Quality, measure_quality
from benchmarks.timing import interleaved
from engine.dsp.resample import make_resampler

_RATES_HZ = (16000, 24000, 44100, 48000)
_WIRE_HZ, _DEVICE_HZ = (16000, 24000), (44100, 48000)
_BLOCK_MS, _PIECE_MS = 20, 100
"""A microphone's block, and the pieces in which queued answers are resampled."""
_SAMPLE_MS = 1000
"""A sample is one second of sound: soxr gives its output in bursts of up to 40 ms."""
_LIBSAMPLERATE = "libsamplerate"


def cases() -> list[Case]:
    """Every pair of the rates that devices and services use, and long pieces on the way to a device."""
    blocks = [Case(f"resample/{s}-{t}", partial(_pair, s, t, _BLOCK_MS)) for s, t in permutations(_RATES_HZ, 2)]
    pieces = [
        Case(f"resample/{s}-{t}/{_PIECE_MS}ms", partial(_pair, s, t, _PIECE_MS), in_quick=False)
        for s, t in product(_WIRE_HZ, _DEVICE_HZ)
    ]
    return [*blocks, *pieces]


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


def _pair(source_hz: int, target_hz: int, block_ms: int, seconds: float) -> Result:
    block = np.random.default_rng(1).uniform(-0.5, 0.5, source_hz * block_ms // 1000).astype(np.float32)
    functions: dict[str, Callable[[], object]] = {"ours": partial(make_resampler(source_hz, target_hz).process, block)}
    for quality in ("HQ", "LQ"):
        functions[f"soxr {quality}"] = partial(SoxrStream(source_hz, target_hz, quality).process, block)
    samplerate = find_rival("samplerate")
    if samplerate:
        stream = samplerate.Resampler("sinc_medium")
        functions[_LIBSAMPLERATE] = partial(stream.process, block, target_hz / source_hz)
    figures = interleaved(functions, seconds, calls=_SAMPLE_MS // block_ms)
    return compared(
        "resample",
        f"resample/{source_hz}-{target_hz}" + ("" if block_ms == _BLOCK_MS else f"/{block_ms}ms"),
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
