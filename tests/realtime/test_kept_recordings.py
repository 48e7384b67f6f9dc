"""Recordings of awkward sessions are replayed as they were made; see `tests.realtime.make_recordings`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.realtime.recording.replay import replay
from tests.realtime.make_recordings import FOLDER, SCENES, make

KEPT = {path.stem: path for path in sorted(FOLDER.glob("*.jsonl"))}
SHOWS = {
    "barge_in_during_a_tool_call": {"RunTool", "StopPlayback", "InterruptTools"},
    "errors": {"Trace"},
    "late_deltas": {"StopPlayback"},
    "reconnect": {"PlayAudio"},
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


@pytest.mark.parametrize("name", SCENES)
def test_a_session_held_today_replays_too(name: str, tmp_path: Path) -> None:
    assert all(step.same for step in replay(make(name, tmp_path / name)))
