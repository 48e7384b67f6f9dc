"""`voice bench resample`: what 20 and 100 ms cost a streaming resampler, how late its output is, and how clean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case, beside_rivals
from benchmarks.report.rivals import find_rival
from benchmarks.signals.resample_quality import Quality, measure_quality
from engine.dsp.resample import make_resampler

_RATES_HZ = (16000, 24000, 44100, 48000)
_WIRE_HZ, _DEVICE_HZ = (16000, 24000), (44100, 48000)
_BLOCK_MS, _PIECE_MS = 20, 100
"""A microphone's block, and the pieces in which queued answers are resampled."""
_SAMPLE_MS = 1000
"""A sample is one second of sound: soxr gives its output in bursts of up to 40 ms."""


def cases() -> list[Case]:
    """Every pair of the rates that devices and services use, and long pieces on the way to a device."""
    blocks = [_pair(source_hz, target_hz, _BLOCK_MS) for source_hz, target_hz in permutations(_RATES_HZ, 2)]
    return blocks + [_pair(source_hz, target_hz, _PIECE_MS) for source_hz, target_hz in product(_WIRE_HZ, _DEVICE_HZ)]


class SoxrStream:
    """soxr's stream behind the names that ours has."""

    def __init__(self, library: Any, source_hz: int, target_hz: int, quality: str) -> None:
        self._stream = library.ResampleStream(source_hz, target_hz, 1, "float32", quality)

    def process(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block, return what is ready."""
        return self._stream.resample_chunk(samples)

    def flush(self) -> NDArray[np.float32]:
        """Return the tail."""
        return self._stream.resample_chunk(np.empty(0, np.float32), last=True)


def _pair(source_hz: int, target_hz: int, block_ms: int) -> Case:
    is_block = block_ms == _BLOCK_MS
    return beside_rivals(
        "resample",
        f"resample/{source_hz}-{target_hz}" + ("" if is_block else f"/{block_ms}ms"),
        partial(_functions, source_hz, target_hz, block_ms),
        calls=_SAMPLE_MS // block_ms,
        extra=partial(_qualities, source_hz, target_hz),
        in_quick=is_block,
    )


def _functions(source_hz: int, target_hz: int, block_ms: int) -> dict[str, Callable[[], object] | None]:
    block = np.random.default_rng(1).uniform(-0.5, 0.5, source_hz * block_ms // 1000).astype(np.float32)
    functions: dict[str, Callable[[], object] | None] = {
        "ours": partial(make_resampler(source_hz, target_hz).process, block)
    }
    soxr = find_rival("soxr")
    for quality in ("HQ", "LQ"):
        functions[f"soxr {quality}"] = (
            partial(SoxrStream(soxr, source_hz, target_hz, quality).process, block) if soxr else None
        )
    samplerate = find_rival("samplerate")
    theirs = samplerate and partial(samplerate.Resampler("sinc_medium").process, block, target_hz / source_hz)
    return {**functions, "libsamplerate": theirs}


def _qualities(source_hz: int, target_hz: int, _: object) -> dict[str, Any]:
    """Ours under plain names, soxr's beside them."""
    extra = _rounded(measure_quality(lambda: make_resampler(source_hz, target_hz), source_hz, target_hz))
    soxr = find_rival("soxr")
    for quality in ("HQ", "LQ") if soxr else ():
        make = partial(SoxrStream, soxr, source_hz, target_hz, quality)
        extra[f"soxr {quality}"] = _rounded(measure_quality(make, source_hz, target_hz))
    return extra


def _rounded(quality: Quality) -> dict[str, Any]:
    figures = {"delay_ms": quality.delay_ms, **asdict(quality)}
    return {
        name: round(figure, 1 if name.endswith("_db") else 2) if isinstance(figure, float) else figure
        for name, figure in figures.items()
    }
