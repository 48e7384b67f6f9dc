"""One client's session: client events in, server events out."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.errors import VoiceError
from engine.local import voice_activity
from engine.local.brain import Call, Say, think
from engine.local.identifiers import new_id
from engine.local.items import Items, checked_item
from engine.local.response import Response
from engine.local.settings import ServerVad, Settings
from engine.local.telling import tell
from engine.local.validation import Refusal, check, decode_audio, parse
from engine.local.voice_activity import Started, Stopped, TurnDetector
from engine.local.workshop import Workshop

_Object = dict[str, Any]
_HEARING_HZ = voice_activity.RATE_HZ
_MAX_BUFFER_SAMPLES = voice_activity.MAX_UTTERANCE_S * _HEARING_HZ


class LocalSession:
    """Holds one conversation. `handle` takes a client's text frame; `close` ends what still runs."""

    def __init__(self, send_text: Callable[[str], Awaitable[None]], workshop: Workshop) -> None:
        self._send_text = send_text
        self._workshop = workshop
        self._settings = Settings(new_id("sess"))
        self._items = Items()
        self._response: Response | None = None
        self._response_task: asyncio.Task[None] | None = None
        self._turns: set[asyncio.Task[None]] = set()
        self._turn_item_id = ""
        self._buffer: list[NDArray[np.int16]] = []
        self._buffered_samples = 0
        self._hear()

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

    async def refuse_binary(self) -> None:
        """Answer a binary frame."""
        await self._refuse(Refusal("Binary frames are not part of the protocol.", "invalid_json"), None)

    async def close(self) -> None:
        """Cancel what runs and wait for its end."""
        tasks = [*self._turns, *([self._response_task] if self._response_task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, kind: str, **fields: Any) -> None:
        await self._send_text(json.dumps({"type": kind, "event_id": new_id("event"), **fields}, ensure_ascii=False))

    async def _refuse(self, refusal: Refusal, event_id: str | None) -> None:
        error = {
            "type": "invalid_request_error",
            "code": refusal.code,
            "message": refusal.message,
            "param": refusal.param,
            "event_id": event_id,
        }
        await self._send("error", error=error)

    def _hear(self) -> None:
        """Begin to listen with the present settings; what was heard before is forgotten."""
        vad = self._settings.vad
        self._resampler = soxr.ResampleStream(self._settings.input_rate_hz, _HEARING_HZ, 1, dtype="int16")
        self._detector = self._make_detector(vad) if vad else None
        self._clear_buffer()

    @staticmethod
    def _make_detector(vad: ServerVad) -> TurnDetector:
        return TurnDetector(
            threshold=vad.threshold,
            prefix_padding_ms=vad.prefix_padding_ms,
            silence_duration_ms=vad.silence_duration_ms,
        )

    def _clear_buffer(self) -> None:
        self._buffer.clear()
        self._buffered_samples = 0

    async def _on_session_update(self, message: _Object) -> None:
        before = (self._settings.vad, self._settings.input_rate_hz)
        self._settings.update(message["session"])
        if (self._settings.vad, self._settings.input_rate_hz) != before:
            self._hear()
        await self._send("session.updated", session=self._settings.session)

    async def _on_input_audio_buffer_append(self, message: _Object) -> None:
        samples = np.frombuffer(decode_audio(message["audio"]), "<i2")
        heard = self._resampler.resample_chunk(samples)
        if self._detector is not None:
            for event in self._detector.feed(heard):
                await (self._on_speech(event) if isinstance(event, Started) else self._on_silence(event))
            return
        self._buffer.append(heard)
        self._buffered_samples += samples.size
        if sum(block.size for block in self._buffer) > _MAX_BUFFER_SAMPLES:
            self._clear_buffer()
            limit = f"The buffer holds {voice_activity.MAX_UTTERANCE_S} s; it was cleared."
            raise Refusal(limit, "input_audio_buffer_full", "audio")

    async def _on_input_audio_buffer_commit(self, _message: _Object) -> None:
        if not self._buffered_samples:
            message = "The input audio buffer is empty." + (" Turns are detected here." if self._detector else "")
            raise Refusal(message, "input_audio_buffer_commit_empty")
        utterance = np.concatenate(self._buffer)
        self._clear_buffer()
        await self._commit(new_id("item"), utterance, respond=False)

    async def _on_input_audio_buffer_clear(self, _message: _Object) -> None:
        self._hear()
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
        wanted = message.get("response") or {}
        self._start_response(wanted.get("metadata"), wanted.get("output_modalities") or wanted.get("modalities"))

    async def _on_response_cancel(self, message: _Object) -> None:
        asked = message.get("response_id")
        if self._response is None or (asked and asked != self._response.id):
            raise Refusal("Cancellation failed: no active response found.", "response_cancel_not_active")
        self._response.cancel("client_cancelled")

    async def _on_speech(self, event: Started) -> None:
        vad = self._settings.vad
        self._turn_item_id = new_id("item")
        await self._send("input_audio_buffer.speech_started", audio_start_ms=event.at_ms, item_id=self._turn_item_id)
        if self._response is not None and vad is not None and vad.interrupt_response:
            self._response.cancel("turn_detected")

    async def _on_silence(self, event: Stopped) -> None:
        await self._send("input_audio_buffer.speech_stopped", audio_end_ms=event.at_ms, item_id=self._turn_item_id)
        vad = self._settings.vad
        await self._commit(self._turn_item_id, event.utterance, respond=vad is not None and vad.create_response)

    async def _commit(self, item_id: str, utterance: NDArray[np.int16], *, respond: bool) -> None:
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
        turn = asyncio.create_task(self._understand(item, utterance, respond=respond))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)

    async def _announce_item(self, item: _Object, before: str | None) -> None:
        await self._send("conversation.item.added", item=item, previous_item_id=before)
        await self._send("conversation.item.done", item=item, previous_item_id=before)

    async def _understand(self, item: _Object, utterance: NDArray[np.int16], *, respond: bool) -> None:
        place = {"item_id": item["id"], "content_index": 0}
        prefix = "conversation.item.input_audio_transcription"
        try:
            text = await self._workshop.transcribe(utterance)
        except VoiceError as error:
            failure = {"type": "server_error", "code": "transcription_failed", "message": str(error), "param": None}
            await self._send(f"{prefix}.failed", **place, error=failure)
            return
        item["content"][0]["transcript"] = text
        usage = {"type": "duration", "seconds": utterance.size / _HEARING_HZ}
        await self._send(f"{prefix}.completed", **place, transcript=text, usage=usage)
        if respond:
            if self._response_task is not None:
                await asyncio.wait([self._response_task])
            self._start_response(None, None)

    def _start_response(self, metadata: _Object | None, modalities: list[str] | None) -> None:
        response = Response(
            self._send,
            self._items,
            self._workshop,
            rate_hz=self._settings.output_rate_hz,
            speaks="audio" in modalities if modalities else self._settings.speaks,
            metadata=metadata,
        )
        self._response = response
        self._response_task = asyncio.create_task(self._respond(response))

    async def _respond(self, response: Response) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                await response.run(self._answer())
        finally:
            if self._response is response:
                self._response = None

    def _answer(self) -> Say | Call:
        if outputs := self._items.unanswered_outputs():
            return Say(" ".join(tell(output) for output in outputs))
        return think(self._items.last_user_text(), self._settings.functions, datetime.now().astimezone())
