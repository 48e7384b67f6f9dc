"""Faults of the answers' sound: in splinters, in lumps, at another rate than the session declares."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import soxr

from engine.local.faults.fault import AUDIO_DELTAS, Event, Fault, Forward, Span


class Split(Fault, name="split"):
    """Every audio delta comes in pieces of so many bytes, odd ones among them."""

    bytes: Span = Span(1, 999)

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Cut it."""
        if event.get("type") not in AUDIO_DELTAS:
            await forward(event)
            return
        audio, pieces = base64.b64decode(event["delta"]), 0
        while audio:
            length = self.bytes.draw(self.dice)
            piece, audio, pieces = audio[:length], audio[length:], pieces + 1
            event_id = f"{event.get('event_id')}_{pieces}"
            await forward({**event, "event_id": event_id, "delta": base64.b64encode(piece).decode("ascii")})


class Merge(Fault, name="merge"):
    """So many audio deltas of an item come as one, and all of them before the end of its audio."""

    count: int = 5

    def __post_init__(self) -> None:
        self._held: list[Event] = []

    async def outgoing(self, event: Event, forward: Forward) -> None:
        """Hold deltas back; nothing but a transcript's delta overtakes them."""
        kind = str(event.get("type"))
        if kind in AUDIO_DELTAS:
            if self._held and self._held[0].get("item_id") != event.get("item_id"):
                await self._release(forward)
            self._held.append(event)
            if len(self._held) < self.count:
                return
            await self._release(forward)
        else:
            if not kind.endswith("transcript.delta"):
                await self._release(forward)
            await forward(event)

    async def _release(self, forward: Forward) -> None:
        held, self._held = self._held, []
        if held:
            audio = b"".join(base64.b64decode(event["delta"]) for event in held)
            await forward({**held[0], "delta": base64.b64encode(audio).decode("ascii")})


_DEFAULT_HZ = 24000


class WrongRate(Fault, name="wrong-rate"):
    """PCM16 is sent at this rate, while the session goes on to declare the one that was agreed on."""

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
