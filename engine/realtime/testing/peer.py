"""The server's end of one connection of a test: it reads what the client sent, and says what the test wants."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from typing import Any

from engine.audio.clock import loop_time_s
from engine.errors import VoiceError
from engine.realtime.connection.transport import Received
from engine.realtime.protocol.client_events import AppendAudio, ClientEvent
from engine.realtime.protocol.close_codes import closed
from engine.realtime.protocol.decode import decode_event
from engine.script.answers import answer_events
from engine.script.peer import PROBE
from engine.script.peer import Peer as ScriptPeer

PATIENCE_S = 120.0
"""Virtual seconds that a client has to send what is expected."""
_KEPT_EVENTS = 10_000
_KEPT_BLOCKS = 6000
"""Blocks of the microphone that are kept: two minutes in blocks of 20 ms."""
_WIRE_RATE_HZ = 24000


class ScriptError(AssertionError):
    """The conversation did not go as the script says."""


class Peer(ScriptPeer):
    """One connection: the server's side for the test, the client's side as its `Transport`.

    Example:
        >>> async def script(peer: Peer) -> None:
        ...     await peer.expect("session.update")
        ...     await peer.send("session.created", session={"id": "sess_1"})
    """

    mistake = ScriptError

    def __init__(self, *, ignoring: frozenset[str] = frozenset()) -> None:
        """Open the connection; `ignoring` names client events that are not expected and may come all the same."""
        super().__init__(ignoring=ignoring, patience_s=PATIENCE_S)
        self._outgoing: asyncio.Queue[str | VoiceError] = asyncio.Queue()
        self._end: VoiceError | None = None
        self._silent = False
        self.received: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        """Every client event but the microphone's audio, newest last."""
        self.audio: deque[bytes] = deque(maxlen=_KEPT_BLOCKS)
        """The microphone's blocks, PCM16 at the wire's rate, newest last."""
        self._sent = 0
        self.open = True
        """False once either side has closed."""

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Every kept event of a type."""
        return [event for event in self.received if event["type"] == kind]

    @property
    def unread(self) -> list[dict[str, Any]]:
        """Client events that have come and were not expected yet."""
        return list(self._unread)

    def forget_unread(self) -> None:
        """Expect nothing of what has come so far."""
        self._unread.clear()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one event; unless it says otherwise, with an id that no other has."""
        self._put(kind, fields)

    def _put(self, kind: str, fields: dict[str, Any]) -> None:
        self._sent += 1
        self.send_text(json.dumps({"type": kind, "event_id": f"event_{self._sent}", **fields}))

    def send_text(self, text: str) -> None:
        """Send a text frame as it is; into nothing once the connection is closed or silent."""
        if self.open and not self._silent:
            self._outgoing.put_nowait(text)

    async def send_audio(self, response_id: str, item_id: str, pcm16: bytes, content_index: int = 0) -> None:
        """Send one audio delta.

        Args:
            response_id, item_id, content_index: The part of an answer it belongs to.
            pcm16: Little-endian, mono, 24 kHz.
        """
        place = {"response_id": response_id, "item_id": item_id, "content_index": content_index}
        await self.send("response.output_audio.delta", **place, delta=base64.b64encode(pcm16).decode())

    async def answer(self, response_id: str, item_id: str, pcm16: bytes, text: str = "") -> None:
        """Send a whole spoken answer.

        Args:
            response_id, item_id: Names of the response and its one item.
            pcm16: Little-endian, mono, 24 kHz.
            text: Transcript of the audio.
        """
        for kind, fields in answer_events(response_id, item_id, pcm16, text, _WIRE_RATE_HZ):
            await self.send(kind, **fields)

    def close_with(self, code: int | None = 1000, reason: str = "") -> None:
        """Close the connection as a server does; None or 1006 breaks it without a word."""
        self.end_with(closed(code, reason))

    def end_with(self, error: VoiceError) -> None:
        """Let the client meet this error after what was sent before."""
        if self.open:
            self.open = False
            self._outgoing.put_nowait(error)

    def go_silent(self) -> None:
        """Be a half-open connection: take everything, answer nothing, say nothing."""
        self._silent = True

    def as_transport(self) -> _ClientSide:
        """The client's side."""
        return _ClientSide(self)

    def take(self, event: ClientEvent) -> None:
        """Receive an event of the client.

        Raises:
            VoiceError: the connection has ended with it.
        """
        if self._end is not None:
            raise self._end
        if self._silent or not self.open:
            return  # the client has not read yet that this is closed; its system takes what it sends
        if isinstance(event, AppendAudio):
            self.audio.append(event.pcm16)
            self.audio_samples += len(event.pcm16) // 2
        else:
            self._note(json.loads(event.to_frame()))
        self._arrived.set()

    def _note(self, message: dict[str, Any]) -> None:
        self.received.append(message)
        if message["type"] == PROBE and PROBE not in self._ignoring:
            error = {"type": "invalid_request_error", "code": "item_retrieve_invalid_item_id"}
            detail = {"message": "There is no such item.", "event_id": message["event_id"]}
            self._put("error", {"error": {**error, **detail}})
        elif message["type"] not in self._ignoring:
            self._unread.append(message)

    async def next_event(self) -> Received:
        """Wait for the next message to the client.

        Raises:
            VoiceError: the connection ends with it.
        """
        if self._end is not None:
            raise self._end
        message = await self._outgoing.get()
        if isinstance(message, str):
            return Received(decode_event(message), loop_time_s(), message)
        self._end = message
        raise message


class _ClientSide:
    """A peer as the session's `Transport`."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def send(self, event: ClientEvent) -> None:
        self._peer.take(event)

    async def receive(self) -> Received:
        return await self._peer.next_event()

    async def close(self) -> None:
        self._peer.open = False
