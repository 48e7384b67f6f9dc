"""The conversation on a live screen: words in step with their sound, cuts, and the order of what is printed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyte
import pytest

from cli.terminal.live_area import LiveArea
from cli.view.live_screen import LiveScreen
from cli.view.panel import echo_text
from cli.view.speech import Speech
from engine.audio.processing.processors.gain import Gain
from engine.audio.processing.processors.half_duplex import HalfDuplex
from engine.audio.processing.processors.webrtc import WebRtc
from engine.audio.types import ProcessingReport, StreamInfo, StreamSide
from engine.realtime.activity import Activity
from engine.realtime.monitor import Levels
from engine.realtime.session_events import (
    AgentText,
    AgentTextCut,
    AgentTextDelta,
    BargeIn,
    DeviceLost,
    ErrorShown,
    FirstAudio,
    Reconnecting,
    ResponseStarted,
    SessionEvent,
    Summary,
    ToolCalled,
    ToolReturned,
    UserSpeech,
    UserTranscript,
    UserTranscriptDelta,
    UserTyped,
)
from tests.cli.terminal.test_live_area import Emulated

COLUMNS, ROWS = 70, 12
SIDE = StreamSide("USB Audio", 48000, 1, 480, 10.0, "ALSA")


class Room:
    """A live screen on a terminal, and a session whose sound the test makes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, columns: int = COLUMNS) -> None:
        monkeypatch.setattr(LiveArea, "_size", lambda self: (self._out.screen.columns, self._out.screen.lines))
        self.terminal = Emulated(columns)
        out: Any = self.terminal
        self.sounded: dict[str, str] = {}
        monitor = SimpleNamespace(
            sounded=lambda item_id: self.sounded.get(item_id, ""),
            levels=Levels(-20.0, -30.0),
            stream=StreamInfo("test", True, SIDE, SIDE),
            volume_db=0.0,
            processing=ProcessingReport(),
        )
        session: Any = SimpleNamespace(
            monitor=monitor, at_rest=False, activity=Activity.SPEAKING, muted=False, listens=True
        )
        self.session = session
        self.screen = LiveScreen(LiveArea(out), out)
        self.screen._session = self.session

    def happens(self, *events: SessionEvent, at_s: float = 0.0) -> None:
        """Let the session tell these, and draw."""
        for event in events:
            self.screen(event, at_s)
        self.screen.draw()

    def hear(self, **sounded: str) -> None:
        """Let so much of the items sound, and draw."""
        self.sounded |= sounded
        self.screen.draw()

    @property
    def talk(self) -> list[str]:
        """The rows above the panel."""
        rows = self.terminal.rows
        return [row for row in rows[: next(at for at, row in enumerate(rows) if "  mic " in row)] if row]

    def struck(self, text: str) -> bool:
        """Whether a text on the screen is struck through."""
        display = self.terminal.screen.display
        row = next(at for at, line in enumerate(display) if text in line)
        cell: pyte.screens.Char = self.terminal.screen.buffer[row][display[row].index(text)]
        return cell.strikethrough


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(monkeypatch)


def test_the_agents_words_come_as_they_sound(room: Room) -> None:
    room.happens(AgentTextDelta("It is eleven degrees", "i1"))
    assert room.talk == []
    room.hear(i1="It is")
    assert room.talk == ["Agent: It is"]
    room.happens(AgentTextDelta(" in Moscow.", "i1"), AgentText("It is eleven degrees in Moscow.", "i1"))
    assert room.talk == ["Agent: It is"]
    room.hear(i1="It is eleven degrees in Moscow.")
    assert room.talk == ["Agent: It is eleven degrees in Moscow."]


def test_words_that_were_seen_are_never_taken_back(room: Room) -> None:
    room.happens(AgentTextDelta("It is eleven degrees", "i1"))
    room.hear(i1="It is eleven")
    room.hear(i1="It")
    assert room.talk == ["Agent: It is eleven"]


def test_what_a_cut_kept_from_being_heard_is_struck_through(room: Room) -> None:
    room.happens(AgentTextDelta("It is eleven degrees in Moscow.", "i1"))
    room.hear(i1="It is")
    room.happens(BargeIn(1200, "i1"), AgentTextCut("It is eleven", "i1", 1200))
    assert room.talk == ["Agent: It is eleven— degrees in Moscow."]
    assert room.struck("degrees")
    assert not room.struck("eleven")


def test_of_an_answer_of_which_nothing_was_heard_all_is_struck_through(room: Room) -> None:
    room.happens(AgentTextDelta("It is eleven.", "i1"), AgentTextCut("", "i1"))
    assert room.talk == ["Agent: —It is eleven."]
    assert room.struck("It is")


def test_what_is_told_meanwhile_stands_below_the_answer_in_its_order(room: Room) -> None:
    room.happens(
        AgentTextDelta("I look.", "i1"),
        AgentText("I look.", "i1"),
        ToolCalled("look", {"at": "sky"}, "c1"),
    )
    room.happens(ToolReturned("look", "blue", "c1"), AgentTextDelta("Blue.", "i2"), at_s=1.25)
    room.hear(i1="I")
    assert room.talk == ["Agent: I"]
    room.hear(i1="I look.", i2="Blue.")
    assert room.talk == ["Agent: I look.", '  tool look(at="sky")', "  look returned blue (1.2 s)", "Agent: Blue."]


def test_what_was_typed_stands_below_the_answer_that_it_cut(room: Room) -> None:
    room.happens(AgentTextDelta("Dubai, fog.", "i1"))
    room.hear(i1="Dubai,")
    room.happens(UserTyped("And Moscow?"), AgentTextCut("Dubai,", "i1", 500), AgentTextDelta("Snow", "i2"))
    room.hear(i2="Snow")
    assert room.talk == ["Agent: Dubai,— fog.", "You:   And Moscow?", "Agent: Snow"]


def test_a_transcript_that_comes_late_stands_above_its_answer(room: Room) -> None:
    room.happens(UserTranscriptDelta("what ti", "u1"), ResponseStarted("r1"), AgentTextDelta("Noon.", "i1"))
    assert room.talk == ["You:   what ti"]
    room.hear(i1="No")
    room.happens(UserTranscriptDelta("me", "u1"))
    assert room.talk == ["Agent: No", "You:   what time"]
    room.happens(UserTranscript("What time is it?", "u1"))
    assert room.talk == ["You:   What time is it?", "Agent: No"]


def test_a_loss_is_told_at_once_and_the_words_go_on_below(room: Room) -> None:
    room.happens(AgentTextDelta("One two three.", "i1"))
    room.hear(i1="One two")
    room.happens(Reconnecting(1, 8, "gone", 0), ErrorShown("odd"), DeviceLost("usb", 0))
    room.hear(i1="One two three.")
    assert room.talk[0] == "Agent: One two"
    assert room.talk[1].startswith("  (connection lost: reconnecting (1/8)")
    assert room.talk[2:] == ["Error: odd", "  (device lost: looking for usb)", "three."]


def test_an_answer_longer_than_the_screen_scrolls_into_the_history(room: Room) -> None:
    words = " ".join(f"word{number}" for number in range(200))
    room.happens(AgentTextDelta(words, "i1"))
    for length in range(0, len(words), 40):
        room.hear(i1=words[: length + 40].rpartition(" ")[0])
    room.happens(AgentText(words, "i1"))
    room.hear(i1=words)
    assert " ".join(room.talk) == f"Agent: {words}"
    assert len(room.terminal.rows) > ROWS


def test_a_word_of_twenty_thousand_characters_is_shown_whole_and_cut(room: Room) -> None:
    word = "я" * 20_000
    room.happens(AgentTextDelta(word, "i1"))
    room.hear(i1=word[:15_000])
    room.happens(AgentTextCut(word[:15_500], "i1"), UserTyped("stop"))
    assert "".join(room.talk) == f"Agent:{word[:15_500]}—{word[15_500:]}You:   stop"


def test_an_answer_that_was_given_up_before_it_sounded_is_struck_through(room: Room) -> None:
    room.happens(AgentTextDelta("Never heard.", "i1"), UserTyped("next"))
    room.session.at_rest = True
    room.screen.draw()
    assert room.talk == ["Agent: —Never heard.", "You:   next"]


def test_words_that_no_transcript_ever_ended_are_gone_with_the_next_turn(room: Room) -> None:
    room.happens(UserTranscriptDelta("mumble", "u1"))
    assert room.talk == ["You:   mumble"]
    room.happens(UserSpeech(started=True))
    assert room.talk == []


def test_an_answer_without_a_word_of_its_end_is_over_when_all_is_at_rest(room: Room) -> None:
    room.happens(AgentTextDelta("Well.", "i1"), UserTyped("next"))
    assert room.talk == []
    room.session.at_rest = True
    room.hear(i1="Well.")
    assert room.talk == ["Agent: Well.", "You:   next"]


def test_the_end_strikes_what_was_not_heard_and_leaves_no_panel(room: Room) -> None:
    room.happens(AgentTextDelta("One two.", "i1"), FirstAudio("r1", 500.0))
    room.hear(i1="One")
    room.screen(Summary(1, 0, 0, 2.0, reason="stopped"), 0.0)
    room.screen.area.close()
    assert room.terminal.rows == ["Agent: One— two.", "End (stopped): 1 turn in 2.0 s, 0 xruns."]


@pytest.mark.parametrize("hostile", ["a\x1b[2J\x1b]0;x\x07b", "\x9b31m\u202eeteled", "a\r\n\x85\u2028b"])
def test_hostile_text_steers_nothing(room: Room, hostile: str) -> None:
    room.happens(UserTranscriptDelta(hostile, "u2"), UserTyped(hostile), ToolCalled(hostile, {hostile: hostile}))
    room.happens(ErrorShown(hostile), AgentTextDelta(hostile, "i1"))
    room.session.at_rest = True
    room.screen.draw()
    assert room.talk[0].startswith("You:   ")
    assert any(row.startswith("Agent: ") for row in room.talk)
    assert all(ord(letter) >= 32 and letter not in "\x7f\x9b\u202e" for row in room.terminal.rows for letter in row)


def test_emoji_and_wide_characters_are_cut_between_and_never_within() -> None:
    speech = Speech("i1", "日本語 👨\u200d👩\u200d👧 да")
    speech.sounded("日本語")
    assert speech.rest.plain == "Agent: 日本語"
    speech.cut()
    assert speech.rest.plain == "Agent: 日本語— 👨\u200d👩\u200d👧 да"


def test_processors_that_cancel_are_known_by_the_names_that_a_session_reports() -> None:
    for processor, words in ((WebRtc, "echo cancelled"), (HalfDuplex, "echo cancelled"), (Gain, "echo off")):
        assert echo_text(ProcessingReport((processor.__name__,))) == words
