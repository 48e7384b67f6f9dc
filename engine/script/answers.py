"""The events of a whole response, as the services send them: a spoken answer, or calls of functions."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

_Fields = dict[str, Any]
_Event = tuple[str, _Fields]
_DELTA_S = 0.1


def answer_events(response_id: str, item_id: str, pcm16: bytes, text: str, rate_hz: int) -> Iterator[_Event]:
    """Yield type and fields of every event of a spoken answer.

    Args:
        response_id: Id of the response.
        item_id: Id of its one message.
        pcm16: The sound, mono, little-endian, at `rate_hz`; sent in deltas of a tenth of a second.
        text: Its transcript; empty leaves the transcript's events out.
        rate_hz: Sample rate of the sound.
    """
    at = {"response_id": response_id, "output_index": 0}
    place = {**at, "item_id": item_id, "content_index": 0}
    item: _Fields = {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    yield "response.created", {"response": {"id": response_id, "status": "in_progress", "output": []}}
    yield "response.output_item.added", {**at, "item": item}
    yield "conversation.item.added", {"item": item, "previous_item_id": None}
    yield "response.content_part.added", {**place, "part": {"type": "audio", "transcript": ""}}
    if text:
        yield "response.output_audio_transcript.delta", {**place, "delta": text}
    step = 2 * round(rate_hz * _DELTA_S)
    for start in range(0, len(pcm16), step):
        delta = base64.b64encode(pcm16[start : start + step]).decode("ascii")
        yield "response.output_audio.delta", {**place, "delta": delta}
    yield "response.output_audio.done", place
    if text:
        yield "response.output_audio_transcript.done", {**place, "transcript": text}
    yield "response.content_part.done", {**place, "part": {"type": "audio", "transcript": text}}
    done = {**item, "status": "completed", "content": [{"type": "output_audio", "transcript": text}]}
    yield "response.output_item.done", {**at, "item": done}
    yield "conversation.item.done", {"item": done, "previous_item_id": None}
    yield "response.done", {"response": {"id": response_id, "status": "completed", "output": [done]}}


def call_events(response_id: str, calls: Sequence[tuple[str, str, str]]) -> Iterator[_Event]:
    """Yield type and fields of every event of a response that calls functions: name, call id and arguments of each."""
    yield "response.created", {"response": {"id": response_id, "status": "in_progress", "output": []}}
    output = []
    for index, (name, call_id, arguments) in enumerate(calls):
        at = {"response_id": response_id, "output_index": index}
        item = {
            "id": f"item_{call_id}",
            "type": "function_call",
            "status": "completed",
            "name": name,
            "call_id": call_id,
            "arguments": arguments,
        }
        begun = {**item, "status": "in_progress", "arguments": ""}
        place = {**at, "item_id": item["id"], "call_id": call_id}
        yield "response.output_item.added", {**at, "item": begun}
        yield "conversation.item.added", {"item": begun, "previous_item_id": None}
        yield "response.function_call_arguments.delta", {**place, "delta": arguments}
        yield "response.function_call_arguments.done", {**place, "name": name, "arguments": arguments}
        yield "response.output_item.done", {**at, "item": item}
        yield "conversation.item.done", {"item": item, "previous_item_id": None}
        output.append(item)
    yield "response.done", {"response": {"id": response_id, "status": "completed", "output": output}}
