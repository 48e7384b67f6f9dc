"""One response of the embedded agent: the events of a spoken answer, a written one, or a function call."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.local.brain import Call, Say
from engine.local.identifiers import new_id
from engine.local.items import Items, Stored
from engine.local.speech import language_of
from engine.local.workshop import Workshop

_Object = dict[str, Any]
Send = Callable[..., Awaitable[None]]
_LOG = logging.getLogger(__name__)

_DELTA_MS = 100
_AUDIO_TOKEN_MS = 50
"""Answer audio is counted as one token for 50 ms, text as one for four characters: what OpenAI's prices assume."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Response:
    """Runs as one task; `cancel` ends it between two deltas.

    Sound is sent as fast as it is made, which is many times faster than it plays, as the real services do.
    """

    def __init__(
        self, send: Send, items: Items, workshop: Workshop, *, rate_hz: int, speaks: bool, metadata: _Object | None
    ) -> None:
        self.id = new_id("resp")
        self._send = send
        self._items = items
        self._workshop = workshop
        self._rate_hz = rate_hz
        self._speaks = speaks
        self._metadata = metadata
        self._cancel_reason: str | None = None
        self._output: list[_Object] = []
        self._output_tokens = 0

    def cancel(self, reason: str) -> None:
        """Stop as soon as possible; `reason` is turn_detected or client_cancelled."""
        self._cancel_reason = self._cancel_reason or reason

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
        return self._as_json("completed")

    async def _carry_out(self, answer: Say | Call) -> None:
        if self._cancel_reason:
            return
        if isinstance(answer, Call):
            await self._call(answer)
        else:
            await self._say(answer.text)

    def _as_json(self, status: str, details: _Object | None = None) -> _Object:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": self._output,
            "output_modalities": ["audio" if self._speaks else "text"],
            "metadata": self._metadata,
            "usage": self._usage() if status != "in_progress" else None,
        }

    def _usage(self) -> _Object:
        heard = self._items.characters // 4
        return {
            "total_tokens": heard + self._output_tokens,
            "input_tokens": heard,
            "output_tokens": self._output_tokens,
        }

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
        place = {"response_id": self.id, "output_index": 0}
        started = {**item, "arguments": "", "status": "in_progress"}
        before = self._items.add(item)
        await self._send("response.output_item.added", **place, item=started)
        await self._send("conversation.item.added", item=started, previous_item_id=before)
        in_call = {**place, "item_id": item["id"], "call_id": item["call_id"]}
        await self._send("response.function_call_arguments.delta", **in_call, delta=arguments)
        await self._send("response.function_call_arguments.done", **in_call, name=call.name, arguments=arguments)
        await self._send("response.output_item.done", **place, item=item)
        await self._send("conversation.item.done", item=item, previous_item_id=before)
        self._output.append(item)
        self._output_tokens += len(arguments) // 4

    async def _say(self, text: str) -> None:
        kind = "output_audio" if self._speaks else "output_text"
        part: _Object = {"type": kind, ("transcript" if self._speaks else "text"): ""}
        item: _Object = {
            "id": new_id("item"),
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        before = self._items.add(item)
        stored = self._items.find(item["id"])
        place = {"response_id": self.id, "output_index": 0}
        await self._send("response.output_item.added", **place, item=item)
        await self._send("conversation.item.added", item=item, previous_item_id=before)
        item["content"] = [part]
        place = {**place, "item_id": item["id"], "content_index": 0}
        await self._send("response.content_part.added", **place, part={"type": "audio" if self._speaks else "text"})
        await (self._speak(text, part, stored, place) if self._speaks else self._write(text, part, place))
        item["status"] = "incomplete" if self._cancel_reason else "completed"
        await self._finish(item, part, place, before)

    async def _finish(self, item: _Object, part: _Object, place: _Object, before: str | None) -> None:
        if self._speaks:
            await self._send("response.output_audio.done", **place)
            await self._send("response.output_audio_transcript.done", **place, transcript=part["transcript"])
        else:
            await self._send("response.output_text.done", **place, text=part["text"])
        shown = {"type": "audio" if self._speaks else "text", **{k: v for k, v in part.items() if k != "type"}}
        await self._send("response.content_part.done", **place, part=shown)
        await self._send("response.output_item.done", response_id=self.id, output_index=0, item=item)
        await self._send("conversation.item.done", item=item, previous_item_id=before)
        self._output.append(item)

    async def _write(self, text: str, part: _Object, place: _Object) -> None:
        for word in re.findall(r"\S+\s*", text):
            if self._cancel_reason:
                return
            part["text"] += word
            self._output_tokens += 1
            await self._send("response.output_text.delta", **place, delta=word)

    async def _speak(self, text: str, part: _Object, stored: Stored, place: _Object) -> None:
        """Speak sentence by sentence, with the words of each in step with its sound."""
        resampler = soxr.ResampleStream(self._workshop.voice_rate_hz, self._rate_hz, 1, dtype="int16", quality="HQ")
        voice = language_of(text)
        sentences = _SENTENCE.split(text)
        for number, sentence in enumerate(sentences):
            is_last = number == len(sentences) - 1
            said = await self._workshop.speak(sentence, voice)
            sound = resampler.resample_chunk(said, last=is_last)
            words = re.findall(r"\S+", sentence)
            pieces = np.array_split(sound, max(1, round(sound.size / (self._rate_hz * _DELTA_MS / 1000))))
            for index, piece in enumerate(pieces):
                if self._cancel_reason:
                    return
                first, last = (len(words) * (index + step) // len(pieces) for step in (0, 1))
                await self._send_piece(words[first:last], piece, part, stored, place)

    async def _send_piece(
        self, words: list[str], piece: NDArray[np.int16], part: _Object, stored: Stored, place: _Object
    ) -> None:
        for word in words:
            delta = f" {word}" if part["transcript"] else word
            part["transcript"] += delta
            await self._send("response.output_audio_transcript.delta", **place, delta=delta)
        if self._cancel_reason:  # meanwhile; nothing of this answer is to follow speech_started
            return
        stored.samples += piece.size
        stored.audio_ms = 1000 * stored.samples // self._rate_hz
        self._output_tokens = stored.audio_ms // _AUDIO_TOKEN_MS
        audio = base64.b64encode(piece.astype("<i2").tobytes()).decode("ascii")
        await self._send("response.output_audio.delta", **place, delta=audio)
        # A cancellation, or the user's next words, must get in between two deltas.
        await asyncio.sleep(0)
