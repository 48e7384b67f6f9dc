"""One response of the embedded agent: the events of a spoken answer, a written one, or a function call."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.local.answering.calls import Call
from engine.local.answering.dialog import Say
from engine.local.answering.speech import language_of
from engine.local.context import ConversationContext
from engine.local.items import Items, Stored
from engine.local.protocol.identifiers import new_id
from engine.local.protocol.settings import Settings
from engine.local.protocol.usage import (
    AGENT_TOKEN_MS,
    Tokens,
    cached_part,
    text_tokens,
    tokens_of_prompt,
    usage_of_response,
)

_Object = dict[str, Any]
_LOG = logging.getLogger(__name__)

_DELTA_MS = 100
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Request:
    """The task of a response."""

    settings: Settings
    context: Items
    """The items it answers to."""
    conversation: Items | None
    """The conversation that keeps its output; None for one out of band, of which nothing is kept."""
    metadata: _Object | None = None
    instructions: str = ""
    """Instructions for this response alone."""
    known: Tokens = field(default_factory=Tokens)
    """Input and output of the response before, which a service would have kept."""


class Response:
    """Runs as one task; `cancel` ends it between two deltas.

    Sound is sent as fast as it is made, which is many times faster than it plays, as the real services do.
    """

    def __init__(self, context: ConversationContext, request: Request) -> None:
        self.id = new_id("resp")
        self.request = request
        self.audio_ms = 0
        """Sound that was sent."""
        self._context = context
        self._send = context.send
        self._wire = request.settings.output_format
        self._speaks = request.settings.speaks
        self._given = (
            tokens_of_prompt(request.settings.instructions, request.settings.session["tools"]) + request.context.tokens
        )
        self._spoken_tokens = 0
        self._written = ""
        self._cancel_reason: str | None = None
        self._is_cut = False
        self._output: list[_Object] = []

    def cancel(self, reason: str) -> None:
        """Stop as soon as possible; `reason` is turn_detected or client_cancelled."""
        self._cancel_reason = self._cancel_reason or reason

    @property
    def tokens(self) -> Tokens:
        """Tokens of its input and of its output so far."""
        return self._given + self._made

    @property
    def _made(self) -> Tokens:
        return Tokens(text_tokens(self._written), self._spoken_tokens)

    def _must_stop(self) -> bool:
        self._is_cut = self._is_cut or self._made.total >= self.request.settings.max_output_tokens
        return self._is_cut or self._cancel_reason is not None

    async def run(self, decide: Callable[[], Awaitable[Say | Call]]) -> _Object:
        """Send everything but the last event; return the response as that one, `response.done`, is to carry it.

        Args:
            decide: Returns what to say or to call; asked when the client knows that a response has begun.

        Raises:
            ConnectionError: the client is gone.
        """
        await self._send("response.created", response=self._as_json("in_progress"))
        try:
            await self._carry_out(await decide())
        except ConnectionError:
            raise
        except Exception as error:
            _LOG.exception("a response failed")
            failure = {"type": "server_error", "code": "internal_error", "message": type(error).__name__}
            return self._as_json("failed", {"type": "failed", "error": failure})
        if self._cancel_reason:
            return self._as_json("cancelled", {"type": "cancelled", "reason": self._cancel_reason})
        if self._is_cut:
            return self._as_json("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
        return self._as_json("completed")

    async def _carry_out(self, answer: Say | Call) -> None:
        if self._cancel_reason:
            return
        if isinstance(answer, Call):
            await self._call(answer)
        else:
            await self._say(answer.text)

    def _as_json(self, status: str, details: _Object | None = None) -> _Object:
        settings = self.request.settings.session
        output = settings["audio"]["output"]
        ended = status != "in_progress"
        cached = cached_part(self._given, self.request.known)
        return {
            "object": "realtime.response",
            "id": self.id,
            "conversation_id": None if self.request.conversation is None else f"conv_{settings['id']}",
            "status": status,
            "status_details": details,
            "output": self._output,
            "output_modalities": ["audio" if self._speaks else "text"],
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
            "max_output_tokens": settings["max_output_tokens"],
            "metadata": self.request.metadata,
            "usage": usage_of_response(self._given, cached, self._made) if ended else None,
        }

    async def _begin_item(self, item: _Object, shown: _Object) -> tuple[Stored, str | None]:
        conversation, before = self.request.conversation, None
        stored = Stored(item)
        if conversation is not None:
            before = conversation.add(item)
            stored = conversation.find(item["id"])
        await self._send("response.output_item.added", response_id=self.id, output_index=0, item=shown)
        if conversation is not None:
            await self._send("conversation.item.added", item=shown, previous_item_id=before)
        return stored, before

    async def _end_item(self, item: _Object, before: str | None) -> None:
        await self._send("response.output_item.done", response_id=self.id, output_index=0, item=item)
        if self.request.conversation is not None:
            await self._send("conversation.item.done", item=item, previous_item_id=before)
        self._output.append(item)

    async def _call(self, call: Call) -> None:
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        item = {
            "id": new_id("item"),
            "object": "realtime.item",
            "type": "function_call",
            "status": "completed",
            "name": call.name,
            "call_id": new_id("call"),
            "arguments": arguments,
        }
        _, before = await self._begin_item(item, {**item, "arguments": "", "status": "in_progress"})
        self._written += call.name + arguments
        place = {"response_id": self.id, "output_index": 0, "item_id": item["id"], "call_id": item["call_id"]}
        await self._send("response.function_call_arguments.delta", **place, delta=arguments)
        await self._send("response.function_call_arguments.done", **place, name=call.name, arguments=arguments)
        await self._end_item(item, before)

    async def _say(self, text: str) -> None:
        kind, shown_kind = ("output_audio", "audio") if self._speaks else ("output_text", "text")
        part: _Object = {"type": kind, ("transcript" if self._speaks else "text"): ""}
        item: _Object = {
            "id": new_id("item"),
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        stored, before = await self._begin_item(item, item)
        item["content"] = [part]
        place = {"response_id": self.id, "output_index": 0, "item_id": item["id"], "content_index": 0}
        await self._send("response.content_part.added", **place, part={**part, "type": shown_kind})
        await (self._speak(text, part, stored, place) if self._speaks else self._write(text, part, place))
        item["status"] = "incomplete" if self._cancel_reason or self._is_cut else "completed"
        if self._speaks:
            await self._send("response.output_audio.done", **place)
            await self._send("response.output_audio_transcript.done", **place, transcript=part["transcript"])
        else:
            await self._send("response.output_text.done", **place, text=part["text"])
        await self._send("response.content_part.done", **place, part={**part, "type": shown_kind})
        await self._end_item(item, before)

    async def _write(self, text: str, part: _Object, place: _Object) -> None:
        for word in re.findall(r"\S+\s*", text):
            if self._must_stop():
                return
            part["text"] += word
            self._written += word
            await self._send("response.output_text.delta", **place, delta=word)

    async def _speak(self, text: str, part: _Object, stored: Stored, place: _Object) -> None:
        """Speak sentence by sentence, with the words of each in step with its sound."""
        rate_hz, worker = self._wire.rate_hz, self._context.speech_worker
        resampler = soxr.ResampleStream(worker.voice_rate_hz, rate_hz, 1, dtype="int16", quality="HQ")
        voice = language_of(text)
        sentences = _SENTENCE.split(text)
        for number, sentence in enumerate(sentences):
            is_last = number == len(sentences) - 1
            async with self._context.speech_turn:
                said = await worker.speak(sentence, voice, self.request.settings.speed)
            sound = resampler.resample_chunk(said, last=is_last)
            words = re.findall(r"\S+", sentence)
            pieces = np.array_split(sound, max(1, round(sound.size / (rate_hz * _DELTA_MS / 1000))))
            for index, piece in enumerate(pieces):
                if self._must_stop():
                    return
                first, last = (len(words) * (index + step) // len(pieces) for step in (0, 1))
                await self._send_piece(words[first:last], piece, part, stored, place)

    async def _send_piece(
        self, words: list[str], piece: NDArray[np.int16], part: _Object, stored: Stored, place: _Object
    ) -> None:
        for word in words:
            delta = f" {word}" if part["transcript"] else word
            part["transcript"] += delta
            self._written += delta
            await self._send("response.output_audio_transcript.delta", **place, delta=delta)
        if self._cancel_reason:  # meanwhile; nothing of this answer is to follow speech_started
            return
        stored.samples += piece.size
        before_ms, self.audio_ms = self.audio_ms, 1000 * stored.samples // self._wire.rate_hz
        # The item may have been truncated since: what was cut stays cut.
        stored.audio_ms += self.audio_ms - before_ms
        self._spoken_tokens = self.audio_ms // AGENT_TOKEN_MS
        await self._send("response.output_audio.delta", **place, delta=self._wire.encode(piece))
        # A cancellation, or the user's next words, must get in between two deltas.
        await asyncio.sleep(0)
