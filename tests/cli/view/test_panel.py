"""The live panel: the state in a word, levels with their peaks, and figures that fit every width."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cli.view.panel import Meter, Panel
from engine.audio.types import ProcessingReport, StreamInfo, StreamSide
from engine.realtime.activity import Activity
from engine.realtime.monitor import Levels
from engine.realtime.session_events import (
    FirstAudio,
    Reconnecting,
    ResponseStarted,
    SessionEvent,
    SessionStarted,
    ToolCalled,
    ToolReturned,
    UsageTotal,
    Xrun,
)

SIDE = StreamSide("USB Audio", 48000, 1, 480, 10.0, "ALSA")
STREAM = StreamInfo("test", True, SIDE, replace(SIDE, device="Kopfhörer mit einem sehr langen Namen"))
USAGE = UsageTotal(
    responses=1,
    input_tokens=1,
    cached_tokens=0,
    output_tokens=1,
    tokens={},
    answers_s=1.0,
    transcription_tokens=0,
    transcribed_s=0.0,
    cost=0.0123,
    currency="USD",
    complete=True,
    budget=0.5,
    prices="the configuration",
    estimated=False,
    final=False,
)
BUSY: list[SessionEvent] = [
    SessionStarted("s1", "openai", "gpt-realtime-2.1"),
    *(FirstAudio("r", latency_ms) for latency_ms in (500.0, 900.0, 612.0)),
    Xrun("output", 480, 480),
    USAGE,
]


def session_in(activity: Activity, *, muted: bool = False, listens: bool = True) -> Any:
    """A session in a state."""
    monitor = SimpleNamespace(
        levels=Levels(-30.0, -12.0), stream=STREAM, volume_db=-6.0, processing=ProcessingReport(("WebRtc",), 21.4)
    )
    return SimpleNamespace(monitor=monitor, activity=activity, muted=muted, listens=listens)


def shown(panel: Panel, session: Any, columns: int = 100, rows: int = 24, *, talks: bool = False) -> list[str]:
    """The lines of the panel."""
    return [line.plain for line in panel.lines(session, columns, rows, talks=talks)]


@pytest.mark.parametrize(
    ("activity", "muted", "word"),
    [
        (Activity.CONNECTING, False, "connecting"),
        (Activity.LISTENING, False, "listening"),
        (Activity.LISTENING, True, "muted"),
        (Activity.HEARING, False, "you"),
        (Activity.THINKING, False, "thinking"),
        (Activity.SPEAKING, False, "agent"),
        (Activity.SPEAKING, True, "agent, muted"),
        (Activity.RECONNECTING, False, "reconnecting 2/8"),
        (Activity.DEVICE_LOST, False, "no sound device"),
    ],
)
def test_the_state_is_a_word(activity: Activity, muted: bool, word: str) -> None:
    panel = Panel()
    panel(Reconnecting(2, 8, "gone", 0), 0.0)
    assert shown(panel, session_in(activity, muted=muted))[0].partition("  ")[0] == word


def test_a_tool_that_runs_and_a_key_that_talks_are_states_too() -> None:
    panel, thinking = Panel(), session_in(Activity.THINKING)
    panel(ToolCalled("look", {}, "c1"), 0.0)
    assert shown(panel, thinking)[0].startswith("tool ")
    panel(ToolReturned("look", "", "c1"), 0.0)
    assert shown(panel, thinking)[0].startswith("thinking ")
    panel(ToolCalled("look", {}, "c2"), 0.0)
    panel(ResponseStarted("r2"), 0.0)
    assert shown(panel, thinking)[0].startswith("thinking ")
    assert shown(panel, session_in(Activity.LISTENING), talks=True)[0].startswith("you ")


@pytest.mark.parametrize("columns", [39, 49, 59, 60, 79, 119, 199])
def test_every_figure_is_whole_at_every_width(columns: int) -> None:
    panel = Panel()
    for event in BUSY:
        panel(event, 0.0)
    lines = shown(panel, session_in(Activity.SPEAKING), columns)
    assert all(len(line) <= columns for line in lines)
    figures = " · ".join(lines).split(" · ")
    for figure in (
        *("gpt-realtime-2.1", "612 ms (median 612)", "0.0123 USD of 0.5", "1 xrun", "volume -6 dB"),
        "echo cancelled (21 dB)",
        "USB Audio → Kopfhörer mit einem seh…",
    ):
        assert figure in figures
    assert any("mic ━" in line and "-30 dB" in line for line in lines)
    assert any("spk ━" in line and "-12 dB" in line for line in lines)


def test_a_low_terminal_gets_the_state_and_one_line() -> None:
    assert len(shown(Panel(), session_in(Activity.LISTENING), rows=10)) == 2


def test_what_is_not_there_is_not_shown() -> None:
    session = session_in(Activity.LISTENING, listens=False)
    session.monitor.stream = replace(STREAM, input=None)
    lines = shown(Panel(), session)
    assert "mic" not in lines[0]
    assert "echo" not in lines[1]


def test_a_level_rises_at_once_falls_evenly_and_its_peak_is_held() -> None:
    meter = Meter()
    meter.take(-10.0, 100.0)
    assert (meter.level_db, meter.held_db) == (-10.0, -10.0)
    meter.take(-60.0, 101.0)
    assert (meter.level_db, meter.held_db) == (-30.0, -10.0)
    meter.take(-60.0, 102.0)
    assert meter.level_db == -50.0
    assert -31.0 < meter.held_db < -10.0
    meter.take(-5.0, 102.1)
    assert (meter.level_db, meter.held_db) == (-5.0, -5.0)
