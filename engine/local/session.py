"""One client's session: client events in, server events out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, ParamSpec

import numpy as np

from engine.errors import VoiceError
from engine.local.brain import END_TOOL, Call, Say, think
from engine.local.hearing import Hearing
from engine.local.identifiers import new_id
from engine.local.items import Items, checked_item
from engine.local.response import Response
from engine.local.settings import Settings
from engine.local.speech import language_of
from engine.local.telling import tell
from engine.local.validation import Refusal, check, decode_audio, parse
from engine.local.voice_activity import RATE_HZ, Started, Stopped
from engine.local.workshop import Workshop

_Object = dict[str, Any]
_P = ParamSpec("_P")
_LOG = logging.getLogger(__name__)
_FEED_MS = 200
"""Of a long piece of audio so much is heard at a time, 8 ms of work, and the other sessions get their turn."""
_MAX_TURNS = 8
"""A client that talks faster than the recogniser hears is not read from while so many turns wait."""


class LocalSession:
    """Holds one conversation. `handle` takes a client's text frame; `close` ends what still runs."""

    def __init__(self, send_text: Callable[[str], Awaitable[None]], workshop: Workshop) -> None:
        self._send_text = send_text
        self._workshop = workshop
        self._settings = Settings(new_id("sess"))
        self._items = Items()
        self._hearing = self._listen(start_ms=0)
        self._turn_item_id = ""
        self._turns: set[asyncio.Task[None]] = set()
        self._transcriptions: set[asyncio.Task[None]] = set()
        self._response: Response | None = None
        self._response_task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Greet the client."""
        await self._send("session.created", session=self._settings.session)

    async def handle(self, text: str) -> None:
        """Carry out one client event; what is wrong with it becomes an error event."""
        event_id = None
        try:
            message = parse(text)
            event_id = message.get("event_id")
            kind = check(message)
            await getattr(self, "_on_" + kind.replace(".", "_"))(message)
        except Refusal as refusal:
            await self._refuse(refusal, event_id if isinstance(event_id, str) else None)
        except ConnectionError:
            raise
        except Exception:
            _LOG.exception("an event broke the session's code")
            failure = {"code": "internal_error", "message": "The server failed to carry this out.", "param": None}
            await self._send("error", error={"type": "server_error", **failure, "event_id": event_id})

    async def refuse_binary(self) -> None:
        """Answer a binary frame."""
        await self._refuse(Refusal("Binary frames are not part of the protocol.", "invalid_json"), None)

    async def close(self) -> None:
        """Cancel what runs and wait for its end."""
        tasks = [*self._turns, *self._transcriptions, *([self._response_task] if self._response_task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, kind: str, **fields: Any) -> None:
        # ASCII throughout: half a surrogate pair, which JSON can carry, has no UTF-8.
        await self._send_text(json.dumps({"type": kind, "event_id": new_id("event"), **fields}))

    async def _refuse(self, refusal: Refusal, event_id: str | None) -> None:
        error = {
            "type": "invalid_request_error",
            "code": refusal.code,
            "message": refusal.message,
            "param": refusal.param,
            "event_id": event_id,
        }
        await self._send("error", error=error)

    def _listen(self, *, start_ms: int) -> Hearing:
        """Return an empty input buffer for the present settings."""
        vad = self._settings.vad if self._workshop.detects_turns else None
        return Hearing(self._settings.input_rate_hz, vad, start_ms=start_ms)

    async def _on_session_update(self, message: _Object) -> None:
        before = (self._settings.vad, self._settings.input_rate_hz)
        self._settings.update(message["session"])
        if (self._settings.vad, self._settings.input_rate_hz) != before:
            self._hearing = self._listen(start_ms=self._hearing.now_ms)
        await self._send("session.updated", session=self._settings.session)

    async def _on_input_audio_buffer_append(self, message: _Object) -> None:
        samples = np.frombuffer(decode_audio(message["audio"]), "<i2")
        step = self._settings.input_rate_hz * _FEED_MS // 1000
        for start in range(0, samples.size, step):
            for event in self._hearing.feed(samples[start : start + step]):
                await (self._on_speech(event) if isinstance(event, Started) else self._on_silence(event))
            if start + step < samples.size:
                await asyncio.sleep(0)

    async def _on_input_audio_buffer_commit(self, _message: _Object) -> None:
        stopped = self._hearing.commit()
        if self._hearing.detects_turns:
            await self._on_silence(stopped, respond=False)
        else:
            await self._commit(new_id("item"), stopped, respond=False)

    async def _on_input_audio_buffer_clear(self, _message: _Object) -> None:
        self._hearing = self._listen(start_ms=self._hearing.now_ms)
        await self._send("input_audio_buffer.cleared")

    async def _on_output_audio_buffer_clear(self, _message: _Object) -> None:
        raise Refusal("Only connections with a media channel have an output buffer.", "invalid_value", "type")

    async def _on_conversation_item_create(self, message: _Object) -> None:
        item = checked_item(message["item"], new_id("item"))
        before = self._items.add(item, message.get("previous_item_id"))
        await self._announce_item(item, before)

    async def _on_conversation_item_retrieve(self, message: _Object) -> None:
        await self._send("conversation.item.retrieved", item=self._items.find(message["item_id"]).item)

    async def _on_conversation_item_delete(self, message: _Object) -> None:
        self._items.delete(message["item_id"])
        await self._send("conversation.item.deleted", item_id=message["item_id"])

    async def _on_conversation_item_truncate(self, message: _Object) -> None:
        place = {name: message[name] for name in ("item_id", "content_index", "audio_end_ms")}
        self._items.truncate(**place)
        await self._send("conversation.item.truncated", **place)

    async def _on_response_create(self, message: _Object) -> None:
        if self._response is not None:
            text = f"Conversation already has an active response in progress: {self._response.id}."
            raise Refusal(text, "conversation_already_has_active_response")
        wishes = message.get("response") or {}
        self._start_response(self._settings.for_response(wishes), wishes.get("metadata"))

    async def _on_response_cancel(self, message: _Object) -> None:
        asked = message.get("response_id")
        if self._response is None or (asked and asked != self._response.id):
            raise Refusal("Cancellation failed: no active response found.", "response_cancel_not_active")
        self._response.cancel("client_cancelled")

    async def _on_speech(self, event: Started) -> None:
        vad = self._settings.vad
        self._turn_item_id = new_id("item")
        if self._response is not None and vad is not None and vad.interrupt_response:
            self._response.cancel("turn_detected")
        await self._send("input_audio_buffer.speech_started", audio_start_ms=event.at_ms, item_id=self._turn_item_id)

    async def _on_silence(self, event: Stopped, *, respond: bool = True) -> None:
        await self._send("input_audio_buffer.speech_stopped", audio_end_ms=event.at_ms, item_id=self._turn_item_id)
        vad = self._settings.vad
        respond = respond and vad is not None and vad.create_response
        await self._commit(self._turn_item_id, event, respond=respond)

    async def _commit(self, item_id: str, turn: Stopped, *, respond: bool) -> None:
        while len(self._turns) >= _MAX_TURNS:
            await asyncio.wait(self._turns, return_when=asyncio.FIRST_COMPLETED)
        item = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        before = self._items.add(item)
        await self._send("input_audio_buffer.committed", item_id=item_id, previous_item_id=before)
        await self._announce_item(item, before)
        transcription = _start(self._transcriptions, self._transcribe, item, turn)
        _start(self._turns, self._take_turn, item_id, transcription, respond)

    async def _announce_item(self, item: _Object, before: str | None) -> None:
        await self._send("conversation.item.added", item=item, previous_item_id=before)
        await self._send("conversation.item.done", item=item, previous_item_id=before)

    async def _transcribe(self, item: _Object, turn: Stopped) -> None:
        place = {"item_id": item["id"], "content_index": 0}
        prefix = "conversation.item.input_audio_transcription"
        try:
            text = await self._workshop.transcribe(turn.utterance)
        except (VoiceError, RuntimeError) as error:
            failure = {"type": "server_error", "code": "transcription_failed", "message": str(error), "param": None}
            await self._send(f"{prefix}.failed", **place, error=failure)
            return
        item["content"][0]["transcript"] = text
        usage = {"type": "duration", "seconds": turn.utterance.size / RATE_HZ}
        await self._send(f"{prefix}.completed", **place, transcript=text, usage=usage)

    async def _take_turn(self, item_id: str, transcription: asyncio.Task[None], respond: bool) -> None:
        """Answer one turn when it is understood and the answer before it has ended."""
        await asyncio.wait([transcription])
        while respond and self._response_task is not None and not self._response_task.done():
            await asyncio.wait([self._response_task])
        vad = self._settings.vad
        # Who spoke on while this was being understood is listened to, not talked over.
        is_overtaken = vad is not None and vad.interrupt_response and item_id != self._turn_item_id
        if respond and not is_overtaken:
            self._start_response(self._settings, None)

    def _start_response(self, settings: Settings, metadata: _Object | None) -> None:
        response = Response(
            self._send,
            self._items,
            self._workshop,
            rate_hz=settings.output_rate_hz,
            speaks=settings.speaks,
            metadata=metadata,
        )
        self._response = response
        self._response_task = asyncio.create_task(_while_connected(self._respond, response, settings.functions))

    async def _respond(self, response: Response, functions: frozenset[str]) -> None:
        try:
            outcome = await response.run(lambda: self._decide(functions))
        finally:
            # Before the client learns of the end: its next response.create must not meet this one.
            self._response = None
        await self._send("response.done", response=outcome)

    async def _decide(self, functions: frozenset[str]) -> Say | Call:
        # A client that commits and asks for the answer in one breath means what it has just committed.
        if self._transcriptions:
            await asyncio.wait(self._transcriptions)
        question = self._items.last_user_text()
        now = datetime.now().astimezone()
        answer = think(question, functions, now)
        outputs = self._items.unanswered_outputs()
        if not outputs:
            return answer
        if answer == Call(END_TOOL):
            return think(question, (), now)  # what that tool says is for a model, not for the user
        return Say(" ".join(tell(output, language_of(question)) for output in outputs))


def _start(
    group: set[asyncio.Task[None]], work: Callable[_P, Awaitable[None]], *args: _P.args, **kwargs: _P.kwargs
) -> asyncio.Task[None]:
    """Run something beside the client's next events, and keep it in a group until it has ended."""
    task = asyncio.create_task(_while_connected(work, *args, **kwargs))
    group.add(task)
    task.add_done_callback(group.discard)
    return task


async def _while_connected(work: Callable[_P, Awaitable[None]], *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Run something to its end, or until the client is gone and nobody is left to tell."""
    with contextlib.suppress(ConnectionError):
        await work(*args, **kwargs)
