"""The user's side of a session: audio in, turns detected or committed, and what was said in them."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import VoiceError
from engine.local.answering.answers import STILL_THERE, Answers
from engine.local.context import MAX_WAITING, ConversationContext
from engine.local.hearing.listener import Listener
from engine.local.hearing.voice_activity import MAX_UTTERANCE_S, RATE_HZ, Started, Stopped
from engine.local.protocol.client_items import taken_audio
from engine.local.protocol.identifiers import new_id
from engine.local.protocol.usage import usage_of_transcription
from engine.local.protocol.validation import Refusal

_Object = dict[str, Any]
_FEED_MS = 200
"""Most of a long piece of audio that is heard at a time, 8 ms of work; then the other sessions get their turn."""
_TRANSCRIPTION = "conversation.item.input_audio_transcription"


class InputBuffer:
    """Carries out the `input_audio_buffer` events and transcribes what is committed."""

    def __init__(self, context: ConversationContext, answers: Answers) -> None:
        self._context = context
        self._answers = answers
        self._kept: Listener | None = None
        self._start_ms = 0
        self._turn_item_id = ""

    @property
    def _listener(self) -> Listener:
        """The buffer for the present settings, made when it is needed: who only types has none."""
        if self._kept is None:
            vad = self._context.settings.vad if self._context.speech_worker.detects_turns else None
            self._kept = Listener(self._context.settings.input_format.rate_hz, vad, start_ms=self._start_ms)
        return self._kept

    def restart(self) -> None:
        """Forget what is in the buffer; the session's time goes on."""
        if self._kept is not None:
            self._start_ms = self._kept.now_ms
            self._kept.close()
            self._kept = None

    async def append(self, message: _Object) -> None:
        """Carry out an append.

        Raises:
            Refusal: this is no audio of the session's format, or more than the buffer holds.
        """
        wire = self._context.settings.input_format
        samples = wire.decode(message["audio"])
        step = wire.rate_hz * _FEED_MS // 1000
        for start in range(0, samples.size, step):
            for event in self._listener.feed(samples[start : start + step]):
                await (self._on_speech(event) if isinstance(event, Started) else self._on_silence(event))
            if start + step < samples.size:
                await asyncio.sleep(0)
        await self._look_for_idleness()

    async def commit(self, _message: _Object) -> None:
        """Carry out a commit.

        Raises:
            Refusal: there is next to nothing in the buffer.
        """
        stopped = self._listener.commit()
        if self._listener.detects_turns:
            await self._on_silence(stopped, respond=False)
        else:
            await self._commit(new_id("item"), stopped, respond=False)

    async def clear(self, _message: _Object) -> None:
        """Carry out a clear."""
        self.restart()
        await self._context.send("input_audio_buffer.cleared")

    async def _on_speech(self, event: Started) -> None:
        vad = self._context.settings.vad
        self._turn_item_id = new_id("item")
        self._context.idle_timeout.spoken()
        self._answers.hear(self._turn_item_id, interrupt=vad is not None and vad.interrupt_response)
        await self._context.send(
            "input_audio_buffer.speech_started", audio_start_ms=event.at_ms, item_id=self._turn_item_id
        )

    async def _on_silence(self, event: Stopped, *, respond: bool = True) -> None:
        await self._context.send(
            "input_audio_buffer.speech_stopped", audio_end_ms=event.at_ms, item_id=self._turn_item_id
        )
        vad = self._context.settings.vad
        respond = respond and vad is not None and vad.create_response
        await self._commit(self._turn_item_id, event, respond=respond)

    async def _look_for_idleness(self) -> None:
        """Let the agent ask whether anyone is there."""
        vad, now_ms = self._context.settings.vad, self._listener.now_ms
        since_ms = self._context.idle_timeout.since(now_ms, vad.idle_timeout_ms if vad else None)
        if since_ms is None:
            return
        item_id = self._turn_item_id = new_id("item")
        self._answers.hear(item_id, interrupt=False)
        place = {"audio_start_ms": since_ms, "audio_end_ms": now_ms, "item_id": item_id}
        await self._context.send("input_audio_buffer.timeout_triggered", **place)
        await self._add_item(item_id, transcript="", audio_ms=0)
        self._answers.start(STILL_THERE)

    async def _commit(self, item_id: str, turn: Stopped, *, respond: bool) -> None:
        await self._answers.have_room()
        audio_ms = 1000 * turn.utterance.size // RATE_HZ
        item = await self._add_item(item_id, transcript=None, audio_ms=audio_ms)
        transcription = self._context.transcriptions.start(self._transcribe(item, 0, turn.utterance))
        self._answers.take_turn(item_id, transcription, respond=respond)

    async def _add_item(self, item_id: str, *, transcript: str | None, audio_ms: int) -> _Object:
        item: _Object = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_audio", "transcript": transcript}],
        }
        before = self._context.items.add(item, audio_ms=audio_ms)
        await self._context.send("input_audio_buffer.committed", item_id=item_id, previous_item_id=before)
        await self._context.send("conversation.item.added", item=item, previous_item_id=before)
        await self._context.send("conversation.item.done", item=item, previous_item_id=before)
        return item

    def taken_sounds(self, item: _Object) -> list[tuple[int, NDArray[np.int16]]]:
        """Take the audio that a client put into an item of its own; return it with its content index.

        Raises:
            Refusal: this is no audio of the session's format, or it is too long.
        """
        wire = self._context.settings.input_format
        sounds = []
        for index, audio in taken_audio(item):
            where = f"item.content[{index}].audio"
            samples = wire.decode(audio, where)
            if samples.size > MAX_UTTERANCE_S * wire.rate_hz:
                message = f"An item has at most {MAX_UTTERANCE_S} s of audio."
                raise Refusal(message, "invalid_value", where)
            sounds.append((index, samples))
        return sounds

    async def hear(self, item: _Object, sounds: list[tuple[int, NDArray[np.int16]]]) -> None:
        """Transcribe the audio of an item, while the client's next event waits if there is much of it."""
        rate_hz = self._context.settings.input_format.rate_hz
        for index, samples in sounds:
            await self._context.transcriptions.until_fewer_than(MAX_WAITING)
            self._context.transcriptions.start(self._transcribe(item, index, samples, rate_hz))

    async def _transcribe(
        self, item: _Object, index: int, utterance: NDArray[np.int16], rate_hz: int = RATE_HZ
    ) -> None:
        place = {"item_id": item["id"], "content_index": index}
        model = self._context.settings.transcription_model
        try:
            async with self._context.speech_turn:
                text = await self._context.speech_worker.transcribe(utterance, rate_hz)
        except (VoiceError, RuntimeError) as error:
            if model is None:
                return
            failure = {"type": "server_error", "code": "transcription_failed", "message": str(error), "param": None}
            await self._context.send(f"{_TRANSCRIPTION}.failed", **place, error=failure)
            return
        item["content"][index]["transcript"] = text
        if model is None:
            return
        if text:
            await self._context.send(f"{_TRANSCRIPTION}.delta", **place, delta=text)
        usage = usage_of_transcription(model, 1000 * utterance.size // rate_hz, text)
        await self._context.send(f"{_TRANSCRIPTION}.completed", **place, transcript=text, usage=usage)
