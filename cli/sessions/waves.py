"""The sound of a conversation for a page: small enough to be in it, and the outline of both sides."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

_LEVEL = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT", "compression_level": 0.9}
"""24 kbit/s at 24 kHz: 14 MB an hour in the page. Constant, so that a player finds any second at once; MP3, as not
every phone plays Opus."""
_MOST_COLUMNS, _COLUMNS_PER_S = 7200, 50


@dataclass(frozen=True, slots=True)
class Waves:
    """The sound, and one outline for each side."""

    mp3: str
    """In base64."""
    duration_s: float
    outlines: tuple[str, str]
    """Paths of SVG as wide as there are seconds, from 0 to 2 high, silence at 1."""


def waves_of(path: Path) -> Waves:
    """Read a stereo file.

    Raises:
        soundfile.SoundFileError: it is no sound.
    """
    mp3, peaks = io.BytesIO(), []
    with soundfile.SoundFile(path) as file:
        rate_hz, frames = file.samplerate, max(1, file.frames)
        column = max(round(rate_hz / _COLUMNS_PER_S), -(-frames // _MOST_COLUMNS))
        with soundfile.SoundFile(mp3, "w", rate_hz, 1, **_LEVEL) as out:
            for block in file.blocks(column * 64, dtype="float32", always_2d=True):
                out.write(block.mean(axis=1))
                starts = np.arange(0, len(block), column)
                peaks.append(np.maximum.reduceat(np.abs(block), starts)[:, [0, -1]])
    heights = np.concatenate(peaks) if peaks else np.zeros((1, 2), np.float32)
    heights = heights / max(0.1, float(heights.max()))
    you, agent = (_outline(side, column / rate_hz) for side in heights.T)
    return Waves(base64.b64encode(mp3.getvalue()).decode(), frames / rate_hz, (you, agent))


def _outline(heights: NDArray[Any], step_s: float) -> str:
    points = [((number + 0.5) * step_s, height) for number, height in enumerate(heights)]
    edge = [(at_s, 1 - height) for at_s, height in points] + [(at_s, 1 + height) for at_s, height in points[::-1]]
    return f"M{'L'.join(f'{x:.2f} {y:.2f}' for x, y in edge)}Z"
