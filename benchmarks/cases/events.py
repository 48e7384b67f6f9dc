"""`voice bench events`: from the server's text to samples, and from the microphone's PCM16 to the server's text."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Case, beside_rivals
from engine.dsp.pcm16 import pcm16_to_float32
from engine.realtime.protocol.client_events import AppendAudio
from engine.realtime.protocol.decode import decode_event
from engine.realtime.protocol.server_events import AudioDelta

_RATE_HZ = 24000
_DELTA_MS, _APPEND_MS = 512, 20


def cases() -> list[Case]:
    """A spoken answer's delta as long as services send them, and one block of the microphone."""
    size = {"text_bytes": len(_text())}
    return [
        beside_rivals("events", f"delta_to_samples/{_DELTA_MS}ms", _deltas, extra=lambda _: size),
        beside_rivals("events", f"append_frame/{_APPEND_MS}ms", _appends),
    ]


def _text() -> str:
    place = {"response_id": "resp_BdXq8sY1c9w", "item_id": "item_BdXq8kT7n4z", "output_index": 0, "content_index": 0}
    delta = base64.b64encode(_pcm16(_DELTA_MS)).decode("ascii")
    event = {"type": "response.output_audio.delta", "event_id": "event_BdXq8H2mVh0", **place, "delta": delta}
    return json.dumps(event)


def _deltas() -> dict[str, Callable[[], NDArray[np.float32]]]:
    text = _text()
    return {
        "ours": lambda: _ours(text),
        "json + base64 + numpy": lambda: _to_float32(base64.b64decode(json.loads(text)["delta"])),
    }


def _ours(text: str) -> NDArray[np.float32]:
    """The work of session and player on a delta."""
    event = decode_event(text)
    assert isinstance(event, AudioDelta)
    return pcm16_to_float32(np.frombuffer(event.audio, "<i2"))


def _to_float32(pcm16: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pcm16, "<i2").astype(np.float32) / np.float32(32768.0)


def _appends() -> dict[str, Callable[[], str | bytes]]:
    pcm16 = _pcm16(_APPEND_MS)

    def theirs() -> str:
        audio = base64.b64encode(pcm16).decode("ascii")
        return json.dumps({"type": "input_audio_buffer.append", "event_id": "audio_1", "audio": audio})

    return {"ours": lambda: AppendAudio("audio_1", pcm16).to_frame(), "json + base64": theirs}


def _pcm16(duration_ms: int) -> bytes:
    frames = _RATE_HZ * duration_ms // 1000
    return np.random.default_rng(1).integers(-32768, 32768, frames, dtype="<i2").tobytes()
