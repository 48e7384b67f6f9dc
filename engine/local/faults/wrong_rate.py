"""Audio at another rate than the session declares."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr

from engine.local.faults.fault import AUDIO_DELTAS, Event, Fault, Forward

_DEFAULT_HZ = 24000


@dataclass
class WrongRate(Fault):
    """PCM16 is sent at this rate, while the session goes on to declare the one that was agreed on."""

    name = "wrong-rate"
    sent_hz: int = 44100

    def __post_init__(self) -> None:
        self._declared_hz: int | None = _DEFAULT_HZ
        self._item_id: str | None = None
        self._resampler: Any = None

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Resample deltas, item by item; what the resampler withheld comes before the audio's end."""
        kind = str(event.get("type"))
        if kind in ("session.created", "session.updated"):
            self._note(event.get("session") or {})
        if self._declared_hz is not None and kind in AUDIO_DELTAS:
            await self._send(event, np.frombuffer(base64.b64decode(event["delta"]), "<i2"), forward)
            return
        if self._resampler is not None and kind.endswith("audio.done"):
            end = {**event, "type": kind.replace("done", "delta"), "event_id": f"{event.get('event_id')}_rest"}
            await self._send(end, np.empty(0, np.int16), forward, last=True)
            self._resampler = None
        await forward(event)

    def _note(self, session: dict[str, Any]) -> None:
        wire = ((session.get("audio") or {}).get("output") or {}).get("format") or {}
        is_pcm = wire.get("type", "audio/pcm") == "audio/pcm"
        self._declared_hz = int(wire.get("rate") or _DEFAULT_HZ) if is_pcm else None

    async def _send(self, event: Event, samples: Any, forward: Forward, *, last: bool = False) -> None:
        if self._resampler is None or event.get("item_id") != self._item_id:
            self._item_id = event.get("item_id")
            self._resampler = soxr.ResampleStream(self._declared_hz, self.sent_hz, 1, dtype="int16")
        sound = self._resampler.resample_chunk(samples, last=last)
        if sound.size:
            await forward({**event, "delta": base64.b64encode(sound.astype("<i2").tobytes()).decode("ascii")})
