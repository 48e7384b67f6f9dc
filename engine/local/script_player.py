"""Plays a script to the clients of a server, one connection after another, and says where they left it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from engine.errors import ScriptFailedError
from engine.local.link import Link
from engine.local.protocol.client_schema import check_event
from engine.local.protocol.identifiers import new_id
from engine.local.protocol.validation import Refusal, parse
from engine.local.session_factory import ClientSession
from engine.local.tasks import Tasks
from engine.script.peer import PROBE, Peer, shortened
from engine.script.reading import ConnectionScript, Script
from engine.script.sent_audio import SentAudio

_AUDIO = "input_audio_buffer.append"
_FAILED = 1002
_LAST_WORDS_S = 0.2


class ScriptPlayer:
    """A session factory that plays a script; `finished` is set when the last connection has ended, or at a mistake."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._came = 0
        self._ended = 0
        self._failure = ""
        self.finished = asyncio.Event()
        self.lacks: list[str] = []

    def check(self) -> None:
        """Raise what went otherwise than the script says.

        Raises:
            ScriptFailedError: something else came, a step is left over, or a connection never came.
        """
        missing = len(self._script.connections) - self._came
        if not self._failure and missing:
            self._failure = f"{missing} of {len(self._script.connections)} connections never came."
        if self._failure:
            raise ScriptFailedError(self._failure, fix="Correct the client or the script.")

    def admit(self) -> int | None:
        """Refuse whom the script refuses, and who comes after its last connection."""
        if self._came == len(self._script.connections):
            self.fail(f"Connection {self._came + 1} was not expected.")
            return 503
        status = self._script.connections[self._came].refuse
        if status is not None:
            self._came += 1
            self.leave()
        return status

    def session(self, link: Link, _wanted: dict[str, Any]) -> ClientSession:
        """Return the session that plays the next connection."""
        self._came += 1
        return _Connection(self, self._came, self._script, self._script.connections[self._came - 1], link)

    def fail(self, message: str) -> None:
        """Keep the first mistake and end the script."""
        self._failure = self._failure or message
        self.finished.set()

    def leave(self) -> None:
        """Learn that a connection has ended."""
        self._ended += 1
        if self._ended == len(self._script.connections):
            self.finished.set()

    def close(self) -> None:
        """Nothing to end."""


class _Connection(Peer):
    """One connection's steps, and the client that they are played to."""

    mistake = ScriptFailedError

    def __init__(self, player: ScriptPlayer, number: int, script: Script, part: ConnectionScript, link: Link) -> None:
        super().__init__(ignoring=script.ignoring, patience_s=script.patience_s)
        self._player = player
        self._where = f"connection {number}, " if len(script.connections) > 1 else ""
        self._part = part
        self._link = link
        self._step = 0
        self._sent = SentAudio(script.rate_hz)
        self._playing = Tasks()
        self._has_failed = False

    async def open(self) -> None:
        """Begin to play the steps."""
        self._playing.start(self._play())

    async def handle(self, text: str) -> None:
        """Take what the client sends: it must be right, and wanted."""
        try:
            event = parse(text)
            kind = check_event(event)
        except Refusal as refusal:
            await self._fail(
                f"The client sent an event that no service accepts: {refusal.message} It was {shortened(text)}"
            )
            return
        if (mistake := self._sent.mistake_of(event)) is not None:
            await self._fail(f"{mistake} It was {shortened(text)}")
            return
        if kind == _AUDIO:
            # Four characters of base64 are three bytes, and two bytes a sample.
            self.audio_samples += len(event["audio"]) * 3 // 8
        elif kind == PROBE and not self._is_expected(kind):
            error = Refusal("There is no such item.", "item_retrieve_invalid_item_id").as_json()
            await self.send("error", error={**error, "event_id": event.get("event_id")})
        elif self._step >= len(self._part.steps) and kind not in self._ignoring:
            await self._fail(f"After the last step {kind} came, which nobody expected: {shortened(text)}")
        else:
            self._unread.append(event)
        self._arrived.set()

    async def refuse_binary(self) -> None:
        """No client sends binary frames."""
        await self._fail("The client sent a binary frame.")

    async def close(self) -> None:
        """End the script: what the client sent before it left still counts, and what is left then stays left."""
        self._has_left = True
        self._arrived.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._playing.all_done()
        await self._playing.close()
        if self._step < len(self._part.steps) and not self._has_failed:
            self._player.fail(f"The client left before {self._label()}")
        self._note_unread()
        self._player.leave()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one event."""
        self._sent.note(kind, fields)
        await self._link.send(json.dumps({"type": kind, "event_id": new_id("event"), **fields}))

    def close_with(self, code: int | None = 1000, reason: str = "") -> None:
        """Close the connection after what was sent before."""
        self._link.close_when_sent(code, reason)

    def go_silent(self) -> None:
        """Be a half-open connection."""
        self._link.go_silent()

    async def _play(self) -> None:
        try:
            for step in self._part.steps:
                await step.play(self)
                self._step += 1
        except ScriptFailedError as error:
            await self._fail(f"At {self._label()}: {error.message}")
        except KeyError as error:
            await self._fail(f"At {self._label()}: nothing was saved as {error}.")
        self._note_unread()

    def _note_unread(self) -> None:
        """Note the events that wait when the last step is over: they were not expected."""
        left = [event for event in self._unread if event["type"] not in self._ignoring]
        self._unread.clear()
        if left and not self._has_failed and self._step == len(self._part.steps):
            self._player.fail(f"After the last step {left[0]['type']} came, which nobody expected.")

    async def _fail(self, message: str) -> None:
        self._has_failed = True
        error = {"type": "server_error", "code": "script_failed", "message": message}
        with contextlib.suppress(ConnectionError):
            await self.send("error", error=error)
        self._link.close_when_sent(_FAILED, "script failed")
        self._player.fail(message)

    def _is_expected(self, kind: str) -> bool:
        return self._step < len(self._part.steps) and getattr(self._part.steps[self._step], "type", "") == kind

    def _label(self) -> str:
        return f"{self._where}step {self._step + 1}, {self._part.labels[self._step]}"
