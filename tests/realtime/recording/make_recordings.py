"""Makes the recordings of tests/data/recordings: awkward sessions, held in virtual time with the scripted double.

They say what a conversation did when they were made. Where it is to do something else from now on, they are made again
and the difference is read: `python -m tests.realtime.recording.make_recordings`.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.config_tables import TurnMode, TurnOptions
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.recording.files import EVENTS_FILE
from engine.realtime.session import RealtimeSession
from engine.realtime.testing import Answer, Close, Emit, Expect, Step, Wait
from engine.realtime.tools.tool import Tool, tool_of
from tests.realtime.recording.recorded import hold_recorded

FOLDER = Path(__file__).parents[2] / "data" / "recordings"
TONE = (8000 * np.sin(np.arange(24000) / 5)).astype("<i2").tobytes()
"""One second at 24 kHz."""
OPENED: list[Step] = [Expect("session.update"), Emit("session.created", session={"id": "sess_1", "model": "m"})]
PLACE = {"response_id": "r1", "item_id": "i1", "content_index": 0}


async def get_weather(city: str) -> str:
    """Look out of the window, for a while."""
    await asyncio.sleep(2)
    return f"Sun over {city}"


def _call(call_id: str, name: str = "get_weather", response_id: str = "r1") -> Emit:
    item = {"id": f"item_{call_id}", "type": "function_call", "call_id": call_id, "name": name, "status": "completed"}
    arguments = '{"city": "Omsk"}'
    return Emit("response.output_item.done", response_id=response_id, item={**item, "arguments": arguments})


def _done(response_id: str, status: str = "completed", **more: Any) -> Emit:
    return Emit("response.done", response={"id": response_id, "status": status, **more})


def _speech(started: bool) -> Emit:
    name, time = ("started", "audio_start_ms") if started else ("stopped", "audio_end_ms")
    return Emit(f"input_audio_buffer.speech_{name}", item_id="u1", **{time: 1000})


@dataclass(frozen=True)
class Scene:
    """One session."""

    scripts: Sequence[Sequence[Step]]
    provider: str = "custom"
    environ: dict[str, str] = field(default_factory=dict)
    meanwhile: Callable[[RealtimeSession], Any] | None = None
    settings: SessionSettings | None = None
    duration_s: float = 5.0


async def _type_hello(session: RealtimeSession) -> None:
    await asyncio.sleep(0.5)
    session.type_text("Hello")


async def _refuse(session: RealtimeSession) -> None:
    await asyncio.sleep(0.5)
    session.approve("ask_1", approve=False, reason="not today")
    session.approve("ask_1")


async def _hold_the_key(session: RealtimeSession) -> None:
    """Say something, interrupt the answer, and press the key too shortly to say anything."""
    for held_s, pause_s in ((0.5, 1.0), (0.4, 0.3), (0.05, 0.5)):
        session.talk()
        await asyncio.sleep(held_s)
        session.talk(pressed=False)
        await asyncio.sleep(pause_s)


BARGE_IN_DURING_A_TOOL_CALL: list[Step] = [
    *OPENED,
    Emit("response.created", response={"id": "r1"}),
    Answer("r1", "i1", TONE, "Let me look."),
    Emit("response.created", response={"id": "r2"}),
    _call("call_1", response_id="r2"),
    _call("call_2", response_id="r2"),
    _call("call_1", response_id="r2"),
    _done("r2"),
    Wait(0.5),
    _speech(started=True),
    Wait(0.3),
    _speech(started=False),
    Answer("r3", "i3", TONE, "Yes?"),
    Wait(5.0),
]
ERRORS: list[Step] = [
    *OPENED,
    Emit("error", error={"type": "invalid_request_error", "code": "odd", "message": "Odd", "event_id": "voice_1"}),
    Emit("error", error="Odd as a text"),
    Emit("error", error={"message": "A number for a code", "code": 7}),
    Emit("error", error={"code": "response_cancel_not_active", "message": "Nothing to cancel"}),
    Emit("response.created", response=7),
    Emit("response.output_audio.delta", **PLACE, delta="!!!"),
    Emit("an.event.of.tomorrow", something=[1, None]),
    Emit("response.created", response={"id": "r1"}),
    _done("r1", "failed", status_details={"error": {"code": "server_error", "message": "It broke"}}),
    Expect("conversation.item.create"),
    Expect("response.create"),
    Emit("error", error={"code": "conversation_already_has_active_response", "message": "Busy", "event_id": "voice_3"}),
    Emit("response.created", response={"id": "r2"}),
    _done("r2"),
    Expect("response.create"),
    Answer("r3", "i3", TONE, "Hello."),
    Wait(3.0),
]
LATE_DELTAS: list[Step] = [
    *OPENED,
    Emit("response.created", response={"id": "r1"}),
    Emit("response.output_audio.delta", **PLACE, delta="AEAAQABA" * 4000),
    Emit("response.output_audio_transcript.delta", **PLACE, delta="Once upon"),
    Wait(0.3),
    _speech(started=True),
    Emit("response.output_audio.delta", **PLACE, delta="AEAAQABA" * 100),
    Emit("response.output_audio_transcript.delta", **PLACE, delta=" a time"),
    _call("late_call"),
    Emit("response.output_audio.done", **PLACE),
    Emit("response.output_audio_transcript.done", **PLACE, transcript="Once upon a time"),
    _done("r1", "cancelled", status_details={"type": "cancelled", "reason": "turn_detected"}),
    _done("r1", "cancelled"),
    Emit("response.output_audio.delta", **PLACE, delta="AEAAQABA" * 100),
    Emit("conversation.item.truncated", item_id="i1", content_index=0, audio_end_ms=300),
    _speech(started=False),
    Answer("r2", "i2", TONE, "Yes?"),
    Wait(3.0),
]
LOST_IN_AN_ANSWER: list[Step] = [
    *OPENED,
    Emit("response.created", response={"id": "r1"}),
    Emit("response.output_audio.delta", **PLACE, delta="AEAAQABA" * 4000),
    Emit("response.output_audio_transcript.delta", **PLACE, delta="Once upon"),
    Wait(0.5),
    Close(1006),
]


async def _back_again(peer: Any) -> None:
    """The server of the second connection takes whatever it is told, and answers."""
    await peer.expect("session.update")
    await peer.send("session.created", session={"id": "sess_2", "model": "m"})
    await peer.answer("r9", "i9", TONE, "Where were we?")
    await asyncio.sleep(3)


OUTLIVED_BY_AN_ANSWER: list[Step] = [
    *OPENED,
    Answer("r1", "i1", TONE * 5, "One two three four five"),
    Wait(1.0),
    Close(1006),
]
CUTS_IT_SHORT: list[Step] = [
    Expect("session.update"),
    Expect("conversation.item.create"),
    Expect("session.update"),
    Emit("session.created", session={"id": "sess_2", "model": "m"}),
    Wait(1.0),
    _speech(started=True),
    Expect("conversation.item.delete"),
    Expect("conversation.item.create"),
    _speech(started=False),
    Answer("r2", "i2", TONE, "Yes?"),
    Wait(2.0),
]
_TEXT_PLACE = {"response_id": "r1", "item_id": "i1", "content_index": 0}
_AUDIO_PLACE = {**_TEXT_PLACE, "content_index": 1}
_MESSAGE = {"id": "i1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": ""}]}
_SETTINGS = {"id": "sess_y", "audio": {"output": {"format": {"type": "audio/pcm", "rate": None}}}}
YANDEX: list[Step] = [
    Expect("session.update"),
    Emit("session.created", session=_SETTINGS),
    Emit("session.updated", session=_SETTINGS),
    Emit("session.updated", session=_SETTINGS),
    _speech(started=True),
    _speech(started=False),
    Emit("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="новости", content_index=0),
    Emit("conversation.item.created", item=_MESSAGE),
    Emit("conversation.item.created", item=_MESSAGE),
    Emit("response.created", response={"id": "r1"}),
    _call("search_1", "web_search"),
    Emit("response.output_text.delta", **_TEXT_PLACE, delta="Сегодня"),
    Emit("response.output_audio.delta", **_AUDIO_PLACE, delta="AEAAQABA" * 8000),
    Emit("response.output_text.delta", **_TEXT_PLACE, delta=" солнечно"),
    Emit("response.output_audio_transcript.done", **_AUDIO_PLACE, transcript="Сегодня солнечно"),
    Emit("response.output_audio.done", **_AUDIO_PLACE),
    Emit("response.output_text.done", **_TEXT_PLACE, text="Сегодня солнечно"),
    _done("r1"),
    Wait(0.5),
    _speech(started=True),
    Emit("error", error={"code": "response_cancel_not_active", "message": "нет ответа"}),
    Wait(0.2),
    _speech(started=False),
    Wait(3.0),
]

REMOTE_CALL: list[Step] = [
    *OPENED,
    Emit("response.created", response={"id": "r1"}),
    Emit(
        "response.output_item.done",
        response_id="r1",
        item={
            "id": "ask_1",
            "type": "mcp_approval_request",
            "server_label": "calendar",
            "name": "delete",
            "arguments": "{}",
        },
    ),
    _done("r1"),
    Expect("conversation.item.create"),
    Answer("r2", "i2", TONE, "I leave it as it is."),
    Wait(3.0),
]
PUSH_TO_TALK: list[Step] = [
    *OPENED,
    Expect("input_audio_buffer.commit"),
    Emit("input_audio_buffer.committed", item_id="u1"),
    Expect("response.create"),
    Answer("r1", "i1", TONE * 3, "Once upon a time"),
    Expect("input_audio_buffer.commit"),
    Emit("input_audio_buffer.committed", item_id="u2"),
    Expect("response.create"),
    Answer("r2", "i2", TONE, "Yes?"),
    Wait(3.0),
]

SCENES = {
    "barge_in_during_a_tool_call": Scene([BARGE_IN_DURING_A_TOOL_CALL], duration_s=6),
    "errors": Scene([ERRORS], meanwhile=_type_hello),
    "late_deltas": Scene([LATE_DELTAS]),
    "reconnect": Scene([LOST_IN_AN_ANSWER, _back_again]),  # type: ignore[list-item]
    "interrupted_after_reconnect": Scene([OUTLIVED_BY_AN_ANSWER, CUTS_IT_SHORT]),
    "remote_call_refused": Scene([REMOTE_CALL], meanwhile=_refuse, duration_s=3),
    "push_to_talk": Scene(
        [PUSH_TO_TALK], meanwhile=_hold_the_key, settings=SessionSettings(turns=TurnOptions(TurnMode.NONE))
    ),
    "yandex": Scene([YANDEX], "yandex", {"YANDEX_CLOUD_API_KEY": "test-key", "YANDEX_CLOUD_FOLDER_ID": "folder"}),
}


def tools() -> list[Tool]:
    """The tools of every scene."""
    return [tool_of(get_weather)]


def make(name: str, folder: Path) -> Path:
    """Hold a scene and return the file of its events."""
    scene = SCENES[name]
    hold_recorded(
        folder,
        *scene.scripts,
        provider=scene.provider,
        environ=scene.environ,
        tools=tools(),
        meanwhile=scene.meanwhile,
        settings=scene.settings,
        duration_s=scene.duration_s,
    )
    return folder / EVENTS_FILE


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for made in SCENES:
        with tempfile.TemporaryDirectory() as place:
            shutil.copyfile(make(made, Path(place) / made), FOLDER / f"{made}.jsonl")
