"""`voice bench dsp`: the conversions that every block of every direction passes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case, beside_rivals
from benchmarks.report.rivals import find_rival
from engine.dsp.compile.library import library
from engine.dsp.meter import meter
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32

_BLOCK = 480
_MILLION = 1_000_000
_Functions = Mapping[str, Callable[[], object] | None]


def cases() -> list[Case]:
    """Conversions to PCM16 and back: checked, by kept addresses, and of a million samples; and a meter."""
    made: dict[str, Callable[[], _Functions]] = {
        f"float32_to_pcm16/{_BLOCK}": partial(_to_pcm16, _BLOCK),
        f"float32_to_pcm16_kept/{_BLOCK}": _to_pcm16_kept,
        f"float32_to_pcm16/{_MILLION}": lambda: {**_to_pcm16(_MILLION), "memcpy": _memcpy(_MILLION)},
        f"pcm16_to_float32/{_BLOCK}": partial(_to_float32, _BLOCK),
        f"pcm16_to_float32_kept/{_BLOCK}": _to_float32_kept,
        f"pcm16_to_float32/{_MILLION}": lambda: {**_to_float32(_MILLION), "memcpy": _memcpy(_MILLION)},
        f"meter/{_BLOCK}": _meter,
    }
    return [beside_rivals("dsp", name, functions) for name, functions in made.items()]


def _to_pcm16(frames: int) -> _Functions:
    samples = _samples(frames)
    return {"ours": partial(float32_to_pcm16, samples), "numpy": partial(_numpy_to_pcm16, samples)}


def _to_pcm16_kept() -> _Functions:
    samples = _samples(_BLOCK)
    ours = _by_kept_addresses(library().float32_to_pcm16, samples, np.empty(_BLOCK, np.int16))
    return {"ours": ours, "numpy": partial(_numpy_to_pcm16, samples)}


def _to_float32(frames: int) -> _Functions:
    pcm = _pcm(frames)
    return {"ours": partial(pcm16_to_float32, pcm), "numpy": partial(_numpy_to_float32, pcm)}


def _to_float32_kept() -> _Functions:
    pcm = _pcm(_BLOCK)
    ours = _by_kept_addresses(library().pcm16_to_float32, pcm, np.empty(_BLOCK, np.float32))
    return {"ours": ours, "numpy": partial(_numpy_to_float32, pcm)}


def _by_kept_addresses(convert: Callable[..., None], source: NDArray[Any], target: NDArray[Any]) -> partial[None]:
    """A kernel as a session calls it; the arrays live as long as the function that has their addresses."""
    ours = partial(convert, source.ctypes.data, target.ctypes.data, source.size)
    vars(ours)["memory"] = source, target
    return ours


def _meter() -> _Functions:
    """Beside the standard library's, which Python 3.13 has no more, and which works on PCM16 only."""
    audioop, data = find_rival("audioop"), _pcm(_BLOCK).tobytes()
    theirs = (lambda: (audioop.max(data, 2), audioop.rms(data, 2))) if audioop else None
    return {"ours": partial(meter, _samples(_BLOCK)), "audioop": theirs}


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
