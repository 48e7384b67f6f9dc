"""Scripts of servers whose connections break: how they begin, and what a new one must be told."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.realtime.session import RealtimeSession
from engine.realtime.testing import Emit, Expect, Step, VirtualDevices

QUIET = {"session": {"audio": {"input": {"turn_detection": {"create_response": False, "interrupt_response": False}}}}}
SAID = "conversation.item.input_audio_transcription.completed"


def opened(session_id: str) -> list[Step]:
    """The beginning of a first connection."""
    return [Expect("session.update"), Emit("session.created", session={"id": session_id})]


def resumed(*items: dict[str, Any]) -> list[Step]:
    """The beginning of any other, with the history it must be told."""
    told: list[Step] = [Expect("conversation.item.create", {"item": item}) for item in items]
    return [
        Expect("session.update", QUIET),
        *told,
        Expect("session.update", {"session": {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}}),
        Emit("session.created", session={"id": "later"}),
    ]


def spoken(text: str, item_id: str) -> list[Step]:
    """A turn of the user."""
    return [
        Emit("input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=0),
        Emit("input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=500),
        Emit(SAID, item_id=item_id, content_index=0, transcript=text),
    ]


def user(text: str) -> dict[str, Any]:
    """The item of the user's words."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def agent(text: str) -> dict[str, Any]:
    """The item of the agent's."""
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


async def ramp(_: RealtimeSession, devices: VirtualDevices) -> None:
    """Speak a ramp that rises by 1/32768 each 10 ms: every block says when it was spoken."""
    devices.say(np.repeat(np.arange(1, 2000, dtype=np.float32) / 32768 * 8, 480))


def spoken_at_s(block: bytes) -> float:
    """When the middle of a block of the ramp was spoken."""
    samples = np.frombuffer(block, "<i2")
    return float(samples[len(samples) // 2]) / 8 / 100
