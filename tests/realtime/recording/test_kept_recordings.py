"""Recordings of awkward sessions are replayed as they were made; see `tests.realtime.recording.make_recordings`."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from engine.audio.playback.segments import Cut
from engine.realtime.conversation.actions import Action, ToolResult
from engine.realtime.conversation.machine import Conversation
from engine.realtime.conversation.resume import Earlier
from engine.realtime.protocol.server_events import ServerEvent
from engine.realtime.recording.replay import replay
from tests.realtime.recording.make_recordings import FOLDER, SCENES, make

KEPT = {path.stem: path for path in sorted(FOLDER.glob("*.jsonl"))}
SHOWS = {
    "barge_in_during_a_tool_call": {"RunTool", "StopPlayback", "InterruptTools"},
    "errors": {"Trace"},
    "interrupted_after_reconnect": {"PlayAudio", "StopPlayback", "ReleaseMicrophone"},
    "late_deltas": {"StopPlayback"},
    "reconnect": {"PlayAudio"},
    "remote_call_refused": {"Show", "Send"},
    "push_to_talk": {"StopPlayback"},
    "yandex": {"PlayAudio", "StopPlayback"},
}
"""Actions without which a recording would not be of what its name says."""


def test_all_are_kept() -> None:
    assert set(SCENES) <= set(KEPT)
    assert all(path.stat().st_size < 200_000 for path in KEPT.values())


@pytest.mark.parametrize("name", KEPT)
def test_the_conversation_does_what_it_did(name: str) -> None:
    steps = list(replay(KEPT[name]))
    different = [step for step in steps if not step.same]
    assert not different, f"{KEPT[name]}:{different[0].line}: {different[0].recorded} is now {different[0].actions}"
    assert {action["$"] for step in steps for action in step.actions} >= SHOWS.get(name, set())


def test_whatever_a_conversation_is_told_can_be_recorded() -> None:
    known = {str, int, float, bool, dict[str, Any], ServerEvent, ToolResult, Cut, Earlier}
    inputs = 0
    for name, method in inspect.getmembers(Conversation, inspect.isfunction):
        hints = get_type_hints(method)
        if not name.startswith("_") and hints.pop("return") == list[Action]:
            inputs += 1
            assert set(hints.values()) <= known, name
    assert inputs >= 10


@pytest.mark.parametrize("name", SCENES)
def test_a_session_held_today_replays_too(name: str, tmp_path: Path) -> None:
    assert all(step.same for step in replay(make(name, tmp_path / name)))
