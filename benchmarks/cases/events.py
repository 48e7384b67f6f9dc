"""`voice bench events`: from the server's text to samples, and from the microphone's PCM16 to the server's text."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case
from benchmarks.report.results import Result, compared
from benchmarks.timing import interleaved
from engine.dsp.pcm16 import pcm16_to_float32
from engine.realtime.protocol.client_events import AppendAudio
from engine.realtime.protocol.decode import decode_event
from engine.realtime.protocol.server_events import AudioDelta

_RATE_HZ = 24000
_DELTA_MS, _APPEND_MS = 512, 20


def cases() -> list[Case]:
    """A spoken answer's delta as long as services send them, and one block of the microphone."""
    return [
        Case(f"delta_to_samples/{_DELTA_MS}ms", _delta_to_samples),
        Case(f"append_frame/{_APPEND_MS}ms", _append_frame),
    ]


def _delta_to_samples(seconds: float) -> Result:
    text = json.dumps(
        {
            "type": "response.output_audio.delta",
            "event_id": "event_BdXq8H2mVh0",
            "response_id": "resp_BdXq8sY1c9w",
            "item_id": "item_BdXq8kT7n4z",
            "output_index": 0,
            "content_index": 0,
            "delta": base64.b64encode(_pcm16(_DELTA_MS)).decode("ascii"),
        }
    )
    functions: dict[str, Callable[[], NDArray[np.float32]]] = {
        "ours": partial(_ours, text),
        "json + base64 + numpy": lambda: _to_float32(base64.b64decode(json.loads(text)["delta"])),
    }
    return compared(
        "events",
        f"delta_to_samples/{_DELTA_MS}ms",
        "ns",
        interleaved(functions, seconds),
        extra={"text_bytes": len(text)},
    )


def _ours(text: str) -> NDArray[np.float32]:
    """What the session and the player do with a delta."""
    event = decode_event(text)
    assert isinstance(event, AudioDelta)
    return pcm16_to_float32(np.frombuffer(event.audio, "<i2"))


def _to_float32(pcm16: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pcm16, "<i2").astype(np.float32) / np.float32(32768.0)


def _append_frame(seconds: float) -> Result:
    pcm16 = _pcm16(_APPEND_MS)

    def theirs() -> str:
        audio = base64.b64encode(pcm16).decode("ascii")
        return json.dumps({"type": "input_audio_buffer.append", "event_id": "audio_1", "audio": audio})

    functions: dict[str, Callable[[], str | bytes]] = {
        "ours": lambda: AppendAudio("audio_1", pcm16).to_frame(),
        "json + base64": theirs,
    }
    return compared("events", f"append_frame/{_APPEND_MS}ms", "ns", interleaved(functions, seconds))


def _pcm16(duration_ms: int) -> bytes:
    frames = _RATE_HZ * duration_ms // 1000
    return np.random.default_rng(1).integers(-32768, 32768, frames, dtype="<i2").tobytes()
