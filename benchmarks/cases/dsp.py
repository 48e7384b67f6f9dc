"""`voice bench dsp`: the conversions that every block of every direction passes through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case
from benchmarks.report.results import Result, compared
from benchmarks.report.rivals import find_rival
from benchmarks.timing import interleaved
from engine.dsp.compile.library import library
from engine.dsp.meter import meter
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32

_BLOCK = 480
_MILLION = 1_000_000
_AUDIOOP = "audioop"
"""The standard library's, which Python 3.13 has no more. It works on PCM16 only: no gain ramp, no float32."""
_Functions = dict[str, Callable[[], object]]


def cases() -> list[Case]:
    """Conversions to PCM16 and back: checked, by kept addresses, and of a million samples; and a meter."""
    return [
        Case(f"float32_to_pcm16/{_BLOCK}", partial(_to_pcm16, _BLOCK)),
        Case(f"float32_to_pcm16_kept/{_BLOCK}", _to_pcm16_kept),
        Case(f"float32_to_pcm16/{_MILLION}", partial(_to_pcm16, _MILLION)),
        Case(f"pcm16_to_float32/{_BLOCK}", partial(_to_float32, _BLOCK)),
        Case(f"pcm16_to_float32_kept/{_BLOCK}", _to_float32_kept),
        Case(f"pcm16_to_float32/{_MILLION}", partial(_to_float32, _MILLION)),
        Case(f"meter/{_BLOCK}", _meter),
    ]


def _to_pcm16(frames: int, seconds: float) -> Result:
    samples = _samples(frames)
    functions: _Functions = {
        "ours": partial(float32_to_pcm16, samples),
        "numpy": partial(_numpy_to_pcm16, samples),
    }
    if frames == _MILLION:
        functions["memcpy"] = _memcpy(frames)
    return compared("dsp", f"float32_to_pcm16/{frames}", "ns", interleaved(functions, seconds))


def _to_pcm16_kept(seconds: float) -> Result:
    samples, pcm = _samples(_BLOCK), np.empty(_BLOCK, np.int16)
    ours = partial(library().float32_to_pcm16, samples.ctypes.data, pcm.ctypes.data, _BLOCK)
    figures = interleaved({"ours": ours, "numpy": partial(_numpy_to_pcm16, samples)}, seconds)
    return compared("dsp", f"float32_to_pcm16_kept/{_BLOCK}", "ns", figures)


def _to_float32(frames: int, seconds: float) -> Result:
    pcm = _pcm(frames)
    functions: _Functions = {
        "ours": partial(pcm16_to_float32, pcm),
        "numpy": partial(_numpy_to_float32, pcm),
    }
    if frames == _MILLION:
        functions["memcpy"] = _memcpy(frames)
    return compared("dsp", f"pcm16_to_float32/{frames}", "ns", interleaved(functions, seconds))


def _to_float32_kept(seconds: float) -> Result:
    pcm, samples = _pcm(_BLOCK), np.empty(_BLOCK, np.float32)
    ours = partial(library().pcm16_to_float32, pcm.ctypes.data, samples.ctypes.data, _BLOCK)
    figures = interleaved({"ours": ours, "numpy": partial(_numpy_to_float32, pcm)}, seconds)
    return compared("dsp", f"pcm16_to_float32_kept/{_BLOCK}", "ns", figures)


def _meter(seconds: float) -> Result:
    samples = _samples(_BLOCK)

    def through_audioop(audioop: Any, data: bytes) -> tuple[int, int]:
        return audioop.max(data, 2), audioop.rms(data, 2)

    functions: _Functions = {"ours": partial(meter, samples)}
    return _beside_audioop(f"meter/{_BLOCK}", functions, through_audioop, _pcm(_BLOCK).tobytes(), seconds)


def _beside_audioop(
    case: str, functions: _Functions, through_audioop: Callable[[Any, bytes], object], data: bytes, seconds: float
) -> Result:
    audioop = find_rival(_AUDIOOP)
    if audioop:
        functions = {**functions, _AUDIOOP: partial(through_audioop, audioop, data)}
    missing = () if audioop else (_AUDIOOP,)
    return compared("dsp", case, "ns", interleaved(functions, seconds), missing=missing)


def _samples(frames: int) -> NDArray[np.float32]:
    """A fifth of them must be clipped, as loud speech with too much gain."""
    return np.random.default_rng(1).uniform(-1.25, 1.25, frames).astype(np.float32)


def _pcm(frames: int) -> NDArray[np.int16]:
    return np.random.default_rng(1).integers(-32768, 32768, frames, dtype=np.int16)


def _numpy_to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)


def _numpy_to_float32(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    return pcm.astype(np.float32) / np.float32(32768.0)


def _memcpy(frames: int) -> partial[None]:
    """A copy that reads and writes as many bytes together as a conversion: six for each sample."""
    source = np.ones(3 * frames, np.uint8)
    return partial(np.copyto, np.empty_like(source), source)
