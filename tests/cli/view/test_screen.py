"""What the terminal shows of an answer that was cut, and of how evenly the answers came."""

from __future__ import annotations

import io
import json

import pytest

from cli.view.screen import Screen
from engine.audio.types import PlaybackStats
from engine.realtime.session_events import (
    AgentText,
    AgentTextCut,
    AgentTextDelta,
    BargeIn,
    FirstAudio,
    PartChosen,
    SessionEvent,
    SessionStarted,
    Summary,
    ToolCalled,
    ToolReturned,
    UserTyped,
)
from engine.realtime.tools.builtin import END_CONVERSATION


def shown(*session_events: SessionEvent) -> list[str]:
    out = io.StringIO()
    screen = Screen(out)
    for event in session_events:
        screen(event, 0.0)
    return out.getvalue().splitlines()


def test_a_cut_answer_is_followed_by_what_was_heard_of_it() -> None:
    lines = shown(
        AgentTextDelta("It is eleven degrees in Moscow.", "item_1"),
        BargeIn(1200, "item_1"),
        AgentTextCut("It is eleven", "item_1", 1200),
    )
    assert lines == [
        "Agent: It is eleven degrees in Moscow.",
        "  (the agent was interrupted; 1.20 s was heard)",
        "  (heard of it: It is eleven\u2014)",
    ]


def test_what_was_heard_of_the_answer_before_does_not_cut_the_new_one() -> None:
    lines = shown(
        AgentTextDelta("Dubai, fog.", "item_1", "resp_1"),
        UserTyped("And Moscow?"),
        FirstAudio("resp_2", 800.0),
        AgentTextDelta("Snow", "item_2", "resp_2"),
        BargeIn(1200, "item_1"),
        AgentTextCut("Dubai", "item_1", 1200),
        AgentTextDelta(" falls.", "item_2", "resp_2"),
        AgentText("Snow falls.", "item_2", "resp_2"),
        FirstAudio("resp_2", 900.0),
    )
    assert lines == [
        "Agent: Dubai, fog.",
        "You:   And Moscow?",
        "Agent: Snow falls.",
        "  (first sound 800 ms after the end of your words)",
        "  (the agent was interrupted; 1.20 s was heard)",
        "  (heard of it: Dubai\u2014)",
        "  (first sound 900 ms after the end of your words)",
    ]


def test_of_a_result_that_is_not_shown_there_is_no_time_either() -> None:
    lines = shown(ToolCalled("end_conversation", {}, "c1"), ToolReturned(END_CONVERSATION.name, "say goodbye", "c1"))
    assert lines == ["  tool end_conversation()"]


def test_a_result_is_a_short_line_without_the_marks_of_json() -> None:
    sky = {"city": "Paris", "temperature_c": 4, "wind": {"from": "north", "gusts": True}, "warnings": ["fog"] * 30}
    lines = shown(ToolCalled("look", {}, "c1"), ToolReturned("look", json.dumps(sky), "c1"))
    assert lines[1] == "  look returned city: Paris, temperature_c: 4, wind: (from: n… (0 ms)"
    (failed,) = shown(ToolReturned("look", "ToolError: it is dark, " * 9, "c1", failed=True))
    assert failed.count("it is dark") == 9, "why it failed is told whole"


def test_the_numbers_of_a_result_are_not_changed() -> None:
    numbers = ["1.10", "1234567890123456789.123", "1e400", "-0"]
    (line,) = shown(ToolReturned("look", f"[{', '.join(numbers)}]", "c1"))
    assert line == f"  look returned {', '.join(numbers)}"


def test_how_to_begin_is_said_once_somebody_listens() -> None:
    out = io.StringIO()
    screen = Screen(out)
    screen.greeting = "Speak."
    screen(PartChosen("provider", "local", "asked for"), 0.0)
    assert "Speak." not in out.getvalue()
    for _ in range(2):
        screen(SessionStarted("s1"), 0.0)
    assert out.getvalue().count("Speak.") == 1


def test_what_is_insisted_on_is_printed_though_the_agent_is_speaking() -> None:
    out = io.StringIO()
    screen = Screen(out)
    screen(AgentTextDelta("I will now", "item_1"), 0.0)
    screen.insist("  the service asks")
    assert out.getvalue().splitlines() == ["Agent: I will now", "  the service asks"]


def test_of_an_answer_that_was_deleted_nothing_was_heard() -> None:
    assert shown(BargeIn(0, "item_1"), AgentTextCut("", "item_1"))[-1] == "  (none of it was heard)"


@pytest.mark.parametrize(
    ("playback", "expected"),
    [
        (PlaybackStats(playout_delay_ms=20), "End (stopped): 3 turns in 10.0 s, 0 xruns."),
        (
            PlaybackStats(late_starts=2, late_start_ms=130, underruns=1, underrun_ms=40, playout_delay_ms=90),
            "End (stopped): 3 turns in 10.0 s, 0 xruns, 2 late starts (130 ms), 1 underrun (40 ms), "
            "playout delay 90 ms.",
        ),
    ],
)
def test_the_summary_counts_late_starts_and_underruns(playback: PlaybackStats, expected: str) -> None:
    assert shown(Summary(3, 0, 0, 10.0, reason="stopped", playback=playback)) == [expected]


def test_the_summary_shows_tenths_of_what_is_shorter_than_ten_milliseconds() -> None:
    latency: dict[str, float | None] = {"turn_ms": 812.4, "barge_in_ms": 9.96, "capture_to_wire_ms": 0.3}
    assert shown(Summary(1, 0, 0, 2.0, latency=latency, reason="stopped")) == [
        "End (stopped): 1 turn in 2.0 s, 0 xruns, answer 812 ms, barge-in 10 ms, microphone to wire 0.3 ms."
    ]
