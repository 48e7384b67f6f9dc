"""A conversation in virtual time that is recorded through the public door: a tool, an interruption, words of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import engine as voice
from engine.realtime.testing import Answer, Emit, Expect, ServerDouble, Step, VirtualDevices, Wait, run_virtual
from tests.api.rig import ANSWER, BEGUN, TONE, session_with

USAGE = {"input_tokens": 120, "output_tokens": 80}
QUESTION, STORY = "How much is 7 times 8?", "Once upon a time there was a clockmaker by the sea."
CALL = {"type": "function_call", "id": "i_1", "call_id": "c_1", "name": "multiply", "arguments": '{"a": 7, "b": 8}'}


def multiply(a: int, b: int) -> int:
    """Multiply two numbers.

    Args:
        a: One.
        b: The other.
    """
    return a * b


def said(item_id: str, text: str) -> list[Step]:
    """The user speaks for half a second, and is understood."""
    return [
        Emit("input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=0),
        Wait(0.5),
        Emit("input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=500),
        Emit("conversation.item.input_audio_transcription.completed", item_id=item_id, transcript=text),
    ]


def script(question: str = QUESTION, story: str = STORY) -> list[Step]:
    """A question that takes a tool, its answer, and a story that is interrupted after a second."""
    return [
        *BEGUN,
        *said("u_1", question),
        Emit("response.created", response={"id": "resp_0"}),
        Emit("response.output_item.done", response_id="resp_0", item=CALL),
        Emit("response.done", response={"id": "resp_0", "status": "completed", "usage": USAGE}),
        Expect("conversation.item.create"),
        Expect("response.create"),
        ANSWER,
        Wait(3.0),
        *said("u_2", "Tell me a story."),
        Answer("resp_2", "item_2", pcm16=TONE, text=story),
        Wait(1.0),
        *said("u_3", "Stop."),
        Wait(1.0),
    ]


def hold(path: Path, *steps: Step, **options: Any) -> list[voice.SessionEvent]:
    """Record a conversation into a folder, and return its events."""
    devices = VirtualDevices()
    devices.say((np.sin(np.arange(48000) / 20) / 2).astype(np.float32))

    async def main() -> list[voice.SessionEvent]:
        ignoring = ["response.cancel", "conversation.item.truncate", "input_audio_buffer.clear"]
        with ServerDouble([*(steps or script())], ignoring=ignoring) as server:
            session = session_with(server, devices, record=path, tools=[multiply], duration=10, **options)
            async with session:
                return [event async for event in session]

    return run_virtual(main())
