"""`voice bench dsp`: the conversions that every block of every direction passes through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case
from benchmarks.results import Result, compared
from benchmarks.rivals import find_rival
from benchmarks.timing import interleaved
from engine.dsp.downmix import downmix, upmix
from engine.dsp.gain import apply_gain_ramp
from engine.dsp.pcm16 import (
    float32_to_pcm16,
    float32_to_pcm16_internal,
    pcm16_to_float32,
    pcm16_to_float32_internal,
    pcm16_to_float32_metered,
)
from engine.dsp.softclip import soft_clip

_BLOCK = 480
_MILLION = 1_000_000
_AUDIOOP = "audioop"
"""The standard library's, which Python 3.13 has no more. It works on PCM16 only: no gain ramp, no float32."""
_Functions = dict[str, Callable[[], object]]


def cases() -> list[Case]:
    """To PCM16 and back: through the checked function, the compiled one behind it, a million; then the rest."""
    return [
        Case(f"float32_to_pcm16/{_BLOCK}", partial(_to_pcm16, _BLOCK)),
        Case(f"float32_to_pcm16_internal/{_BLOCK}", _to_pcm16_internal),
        Case(f"float32_to_pcm16/{_MILLION}", partial(_to_pcm16, _MILLION)),
        Case(f"pcm16_to_float32/{_BLOCK}", partial(_to_float32, _BLOCK)),
        Case(f"pcm16_to_float32_internal/{_BLOCK}", _to_float32_internal),
        Case(f"pcm16_to_float32/{_MILLION}", partial(_to_float32, _MILLION)),
        Case(f"pcm16_to_float32_meter/{_BLOCK}", _to_float32_meter),
        Case(f"downmix/{_BLOCK}", _downmix),
        Case(f"upmix/{_BLOCK}", _upmix),
        Case(f"fade/{_BLOCK}", _fade),
        Case(f"soft_clip/{_BLOCK}", _soft_clip),
    ]


def _to_pcm16(frames: int, seconds: float) -> Result:
    # A block becomes a new array, as numpy's does; for a million there is one, as for memcpy.
    samples, out = _samples(frames), np.empty(frames, np.int16) if frames == _MILLION else None
    functions: _Functions = {
        "ours": partial(float32_to_pcm16, samples, out),
        "numpy": partial(_numpy_to_pcm16, samples),
    }
    if frames == _MILLION:
        functions["memcpy"] = _memcpy(frames)
    return compared("dsp", f"float32_to_pcm16/{frames}", "ns", interleaved(functions, seconds))


def _to_pcm16_internal(seconds: float) -> Result:
    samples, pcm = _samples(_BLOCK), np.empty(_BLOCK, np.int16)
    ours = partial(float32_to_pcm16_internal, samples, pcm, 1.0, 1.0, -1)
    figures = interleaved({"ours": ours, "numpy": partial(_numpy_to_pcm16, samples)}, seconds)
    return compared("dsp", f"float32_to_pcm16_internal/{_BLOCK}", "ns", figures)


def _to_float32(frames: int, seconds: float) -> Result:
    pcm, out = _pcm(frames), np.empty(frames, np.float32) if frames == _MILLION else None
    functions: _Functions = {
        "ours": partial(pcm16_to_float32, pcm, out),
        "numpy": partial(_numpy_to_float32, pcm),
    }
    if frames == _MILLION:
        functions["memcpy"] = _memcpy(frames)
    return compared("dsp", f"pcm16_to_float32/{frames}", "ns", interleaved(functions, seconds))


def _to_float32_internal(seconds: float) -> Result:
    pcm, samples = _pcm(_BLOCK), np.empty(_BLOCK, np.float32)
    ours = partial(pcm16_to_float32_internal, pcm, samples)
    figures = interleaved({"ours": ours, "numpy": partial(_numpy_to_float32, pcm)}, seconds)
    return compared("dsp", f"pcm16_to_float32_internal/{_BLOCK}", "ns", figures)


def _to_float32_meter(seconds: float) -> Result:
    pcm = _pcm(_BLOCK)

    def theirs() -> tuple[float, float]:
        samples = _numpy_to_float32(pcm) * np.linspace(0.5, 1.0, _BLOCK, dtype=np.float32)
        return float(np.max(np.abs(samples))), float(np.sqrt(np.mean(np.square(samples))))

    def through_audioop(audioop: Any, data: bytes) -> tuple[bytes, int, int]:
        return audioop.mul(data, 2, 0.5), audioop.max(data, 2), audioop.rms(data, 2)

    functions: _Functions = {"ours": partial(pcm16_to_float32_metered, pcm, 0.5, 1.0), "numpy": theirs}
    return _beside_audioop(f"pcm16_to_float32_meter/{_BLOCK}", functions, through_audioop, pcm.tobytes(), seconds)


def _downmix(seconds: float) -> Result:
    stereo = _samples(2 * _BLOCK).reshape(_BLOCK, 2)
    functions: _Functions = {
        "ours": partial(downmix, stereo),
        "numpy": lambda: stereo.mean(axis=1, dtype=np.float32),
    }

    def through_audioop(audioop: Any, data: bytes) -> object:
        return audioop.tomono(data, 2, 0.5, 0.5)

    return _beside_audioop(f"downmix/{_BLOCK}", functions, through_audioop, _pcm(2 * _BLOCK).tobytes(), seconds)


def _upmix(seconds: float) -> Result:
    mono = _samples(_BLOCK)
    functions: _Functions = {
        "ours": partial(upmix, mono, 2),
        "numpy": lambda: np.repeat(mono[:, None], 2, axis=1),
    }
    return compared("dsp", f"upmix/{_BLOCK}", "ns", interleaved(functions, seconds))


def _fade(seconds: float) -> Result:
    # From 1 to 1, or what is faded again and again would end in numbers too small for a processor's usual speed.
    samples, theirs = _samples(_BLOCK), _samples(_BLOCK)
    functions: _Functions = {
        "ours": partial(apply_gain_ramp, samples, 1.0, 1.0),
        "numpy": lambda: np.multiply(theirs, np.linspace(1.0, 1.0, _BLOCK, dtype=np.float32), out=theirs),
    }
    return compared("dsp", f"fade/{_BLOCK}", "ns", interleaved(functions, seconds))


def _soft_clip(seconds: float) -> Result:
    samples, theirs = _samples(_BLOCK), _samples(_BLOCK)
    functions: _Functions = {"ours": partial(soft_clip, samples), "numpy": partial(np.tanh, theirs, theirs)}
    return compared("dsp", f"soft_clip/{_BLOCK}", "ns", interleaved(functions, seconds))


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
