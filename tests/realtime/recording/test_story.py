"""The story of a recording: turns in the order in which they began, what was heard of them, and whatever is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import engine as voice
from engine.errors import InvalidInputError
from engine.realtime.conversation.history import Used
from engine.realtime.recording.replay import replay
from engine.realtime.recording.story import Speaker, Story
from engine.realtime.testing import Answer, Emit, Expect, Step, Wait
from tests.api.rig import BEGUN, TONE
from tests.support.kept import QUESTION, STORY, hold, said


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording."""
    path = tmp_path_factory.mktemp("kept") / "talk"
    hold(path)
    return path


def written(path: Path, *told: dict[str, Any], damage: bytes = b"") -> Path:
    """A recording of events that come a second apart."""
    path.mkdir()
    head = {"format": "voice-recording/1", "output_rate_hz": 24000}
    lines = [head, *({"n": number, "t": float(number), "told": event} for number, event in enumerate(told, 1))]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (path / "session.jsonl").write_bytes(text.encode() + damage)
    return path


def test_a_conversation_is_told_in_turns(talk: Path) -> None:
    story = Story(talk)
    turns = [(turn.speaker, turn.text, turn.unheard) for turn in story.turns]
    assert turns == [
        (Speaker.USER, QUESTION, ""),
        (Speaker.TOOL, "56", ""),
        (Speaker.AGENT, "Seven times eight is 56.", ""),
        (Speaker.USER, "Tell me a story.", ""),
        (Speaker.AGENT, "Once upon a time there", "was a clockmaker by the sea."),
        (Speaker.USER, "Stop.", ""),
    ]
    assert (story.turns[1].tool, story.turns[1].arguments) == ("multiply", {"a": 7, "b": 8})
    assert story.turns[4].heard_ms == pytest.approx(1000, abs=30)
    assert [turn.at_s for turn in story.turns] == pytest.approx([0.0, 0.5, 0.5, 3.5, 4.0, 5.0], abs=0.1)
    assert story.turns[2].end_s - story.turns[2].at_s == pytest.approx(2.0, abs=0.1)
    assert story.damaged == 0


def test_the_summary_and_the_last_costs_are_in_it(tmp_path: Path) -> None:
    events = hold(tmp_path / "talk")
    story = Story(tmp_path / "talk")
    told = [event.to_json() for event in events if isinstance(event, voice.Summary | voice.UsageTotal)]
    assert [story.last("usage"), story.last("summary")] == json.loads(json.dumps(told[-2:]))
    assert story.duration_s == pytest.approx(10.0, abs=0.1)


def test_its_times_lead_to_the_sound(talk: Path) -> None:
    story = Story(talk)
    assert story.sound is not None
    samples, rate_hz = soundfile.read(story.sound, dtype="float32")
    played = np.flatnonzero(np.abs(samples[:, 1]) > 0.05) / rate_hz
    assert played[0] == pytest.approx(story.turns[2].at_s, abs=0.06)
    cut = story.turns[4]
    assert played[-1] == pytest.approx(cut.end_s, abs=0.06)


def test_time_without_a_device_is_no_time_of_the_sound(tmp_path: Path) -> None:
    path = written(tmp_path / "talk", *({"type": "text.user", "text": str(number)} for number in range(1, 13)))
    notes = ({"n": 13, "t": 1.5, "heard_s": 0.5}, {"n": 14, "t": 10.0, "heard_s": 2.0})
    with (path / "session.jsonl").open("a") as file:
        file.writelines(f"{json.dumps(note)}\n" for note in notes)
    assert [turn.at_s for turn in Story(path).turns] == [0, 1, *8 * [2], 3, 4]


def test_an_answer_that_was_coming_ends_with_the_session(tmp_path: Path) -> None:
    delta = {"type": "text.agent.delta", "item_id": "i", "response_id": "r", "text": "Once"}
    story = Story(
        written(
            tmp_path / "talk",
            delta,
            {"type": "audio.start", "response_id": "r", "latency_ms": 500},
            {"type": "response.usage", "response_id": "r", "audio_bytes": 60 * 48_000},
            {"type": "summary", "duration_s": 3.0},
        )
    )
    (answer,) = story.turns
    assert answer.end_s - answer.at_s == pytest.approx(2.0)


def test_of_an_answer_that_the_end_of_the_session_cut_only_what_was_heard_is_told(tmp_path: Path) -> None:
    story_of_20_s = Answer("resp_1", "item_1", pcm16=TONE * 10, text=STORY)
    hold(tmp_path / "talk", *BEGUN, *said("u_1", "Tell me a story."), story_of_20_s, Wait(1.0))
    assert all(step.same for step in replay(tmp_path / "talk"))
    answer = Story(tmp_path / "talk").turns[-1]
    assert f"{answer.text} {answer.unheard}" == STORY
    assert answer.heard_ms == pytest.approx(9_500, abs=100)
    assert 0.4 < len(answer.text) / len(STORY) < 0.6


def test_words_that_come_late_and_in_pieces_find_their_place(tmp_path: Path) -> None:
    delta = {"type": "text.agent.delta", "item_id": "i", "response_id": "r"}
    story = Story(
        written(
            tmp_path / "talk",
            {"type": "speech", "started": True},
            {"type": "speech", "started": False},
            {**delta, "text": "It is"},
            {**delta, "text": " noon."},
            {"type": "text.agent", "item_id": "i", "response_id": "r", "text": "It is noon."},
            {**delta, "text": "Really."},
            {"type": "transcript.user", "text": "How", "item_id": "u"},
            {"type": "transcript.user", "text": "How late is it?", "item_id": "u"},
            {**delta, "response_id": "again", "text": "An id that is used again."},
            {"type": "mcp.call", "server": "files", "name": "read", "state": "in_progress", "item_id": "m"},
            {
                "type": "mcp.call",
                "server": "files",
                "name": "read",
                "state": "returned",
                "outcome": "x",
                "item_id": "m",
            },
            {"type": "transcript.user", "text": "Nobody heard when this began.", "item_id": ""},
        )
    )
    assert [(turn.at_s, turn.text) for turn in story.turns] == [
        (1.0, "How late is it?"),
        (3.0, "It is noon. Really."),
        (9.0, "An id that is used again."),
        (10.0, "x"),
        (12.0, "Nobody heard when this began."),
    ]


@pytest.mark.parametrize(
    ("damage", "lines"),
    [
        (b'{"n": 9, "t": 9.0, "told": {"type": "te', 0),
        (b'\x00\x00\x00\n{"n": 9\n', 2),
        (b'[1]\n"told"\n{"told": {\n', 3),
        (b'{"n": 9, "t": "x", "told": {"type": 5}}\n{"n": 1, "told": {"type": "text.user"}}\n', 1),
        (b'{"n": 9, "t": 9.0, "told": {"type": "text.user", "text": 7}}\n' + b'{"told": {' + b"[" * 99_999 + b"}\n", 1),
        (b"".join(b'{"t": %s, "told": {"type": "text.user"}}\n' % t for t in (b"1e400", b"NaN", b"9" * 5000)), 3),
        (b"".join(b'{"t": %s, "told": {"type": "text.user", "text": "x"}}\n' % t for t in (b"9e14", b"-5")), 2),
    ],
)
def test_of_a_damaged_one_the_rest_is_read(damage: bytes, lines: int, tmp_path: Path) -> None:
    story = Story(written(tmp_path / "talk", {"type": "text.user", "text": "Hello."}, damage=damage))
    assert [turn.text for turn in story.turns] == ["Hello."]
    assert story.damaged == lines


@pytest.mark.parametrize("sounds_first", [True, False])
def test_a_latency_that_is_no_number_is_not_known(sounds_first: bool, tmp_path: Path) -> None:
    words = {"type": "text.agent.delta", "text": "Hi.", "item_id": "i", "response_id": "r"}
    sound = {"type": "audio.start", "response_id": "r", "latency_ms": "soon"}
    (turn,) = Story(written(tmp_path / "talk", *((sound, words) if sounds_first else (words, sound)))).turns
    assert turn.latency_ms is None


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b'{"format": "voice-recording/9"}\n', b"[]\n", b"{}"])
def test_what_is_no_recording_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "session.jsonl").write_bytes(content)
    with pytest.raises(InvalidInputError, match="holds no recording"):
        Story(tmp_path)
    with pytest.raises(InvalidInputError, match="cannot be read: No such"):
        Story(tmp_path / "nothing")


def test_another_session_goes_on_with_it_and_a_third_with_both(talk: Path, tmp_path: Path) -> None:
    first = Story(talk).history
    again: list[Step] = [
        Expect("session.update"),
        *(Expect("conversation.item.create") for _ in range(7)),
        Emit("session.created", session={"id": "sess_2"}),
        Answer("resp_9", "item_9", b"", "Here I am again."),
        Wait(1.0),
    ]
    hold(tmp_path / "again", *again, resume=talk)
    assert all(step.same for step in replay(tmp_path / "again"))
    *earlier, last = Story(tmp_path / "again").history
    assert earlier == first
    assert last.text == "Here I am again."
    assert [entry.text for entry in first] == [
        QUESTION,
        "56",
        "Seven times eight is 56.",
        "Tell me a story.",
        "Once upon a time there",
        "Stop.",
    ]
    with pytest.raises(InvalidInputError, match="cannot be read"):
        hold(tmp_path / "third", resume=tmp_path / "nothing")


def test_what_the_service_called_by_itself_and_what_never_returned_is_not_told_again(tmp_path: Path) -> None:
    call = {"type": "tool.call", "name": "search", "arguments": {}}
    story = Story(
        written(
            tmp_path / "talk",
            {**call, "call_id": "c_1", "server_side": True},
            {**call, "call_id": "c_2"},
            {**call, "call_id": "c_3"},
            {"type": "tool.result", "name": "search", "call_id": "c_3", "output": ""},
        )
    )
    assert story.history == [Used("c_3", "search", "{}", "")]
    assert len(story.turns) == 3
