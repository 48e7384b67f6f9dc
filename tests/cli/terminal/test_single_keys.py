"""Keys in a conversation: strokes as terminals send them, the talk key in time, what they do, and the last line."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from cli.run.controls import Controls
from cli.run.talk_key import TalkKey
from cli.terminal import status_line
from cli.terminal.key_parser import KeyParser, KeyStroke, KnowsReleases, Named, Stroke
from cli.terminal.status_line import StatusLine
from engine.realtime.activity import Activity
from engine.realtime.testing import run_virtual

COLUMNS = 30
TEXTS = ("New\u00a0York", "a\u3000b", "10\u202f000", "\u0645\u06cc\u200c\u062e", "\U0001f468\u200d\U0001f469")
"""Spaces that do not break, that of Japanese, and the joiners of Persian and of emoji."""


def strokes(*parts: bytes) -> list[KeyStroke | KnowsReleases]:
    """What comes of bytes that arrive in these parts, the last a while ago."""
    stream = KeyParser()
    found = [stroke for part in parts for stroke in stream.feed(part)]
    return [*found, *stream.settle()]


def typed(text: str) -> list[KeyStroke]:
    """Every character pressed."""
    return [KeyStroke(character) for character in text]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b"a \xd0\xb9"], typed("a й")),
        ([b"\xd0", b"\xb9"], typed("й")),
        *(([text.encode()], typed(text)) for text in TEXTS),
        (["\u202e\u2028x".encode()], typed("x")),
        ([b"a\tb", b"\t"], [*typed("a b"), Named.TAB]),
        ([b"\x1b[12288;;12288u"], typed("\u3000")),
        ([b"\t\r\n\x7f\x04\x15\x17"], [Named.TAB, Named.ENTER, Named.ENTER, Named.BACKSPACE, Named.END]),
        ([b"\x1b"], [Named.ESCAPE]),
        ([b"\x1b[5~\x1bOPx"], typed("x")),
        ([b"\x1b[A\x1b[B\x1bOA\x1bOB"], [Named.UP, Named.DOWN, Named.UP, Named.DOWN]),
        ([b"\x1b", b"[", b"1;5", b"Cx"], typed("x")),
        ([b"\x1b[?1u\x1b[?62;4c"], [KnowsReleases()]),
        ([b"\x1b[32u\x1b[32;1:2u\x1b[32;1:3u"], [KeyStroke(" ", stroke) for stroke in Stroke]),
        ([b"\x1b[97;2;65u"], typed("A")),
        ([b"\x1b[97:65;2u"], typed("A")),
        ([b"\x1b[1081;;1081u"], typed("й")),
        ([b"\x1b[9u\x1b[13;1:3u"], [Named.TAB, KeyStroke(Named.ENTER, Stroke.RELEASED)]),
        ([b"\x1b[99;5u\x1b[100;5u"], [Named.INTERRUPT, Named.END]),
        # A lock is no modifier, Alt and the Shift key itself are no text, and no code is too large.
        ([b"\x1b[97;65u\x1b[97;3u\x1b[57441u\x1b[97;9u\x1b[99999999999u"], typed("a")),
        ([b"\x1b[;;u\x1b[uq"], typed("q")),
    ],
)
def test_keys_are_read_as_terminals_send_them(parts: list[bytes], expected: list[object]) -> None:
    wanted = [KeyStroke(entry) if isinstance(entry, Named) else entry for entry in expected]
    assert strokes(*parts)[: len(wanted)] == wanted


# But for a tab, which is text within what comes at once, as a paste does, and a key alone.
@given(st.lists(st.binary(max_size=12).map(lambda data: data.replace(b"\t", b"")), max_size=6))
def test_any_bytes_in_any_parts_are_the_same_keys(parts: list[bytes]) -> None:
    assert strokes(*parts) == strokes(b"".join(parts))


def test_where_releases_are_reported_the_key_talks_as_long_as_it_is_held() -> None:
    key = TalkKey()
    key.reports_release = True
    key.press(0.0)
    for number in range(20):
        key.press(0.5 + number / 30)
    key.decide(100.0)
    assert key.held
    key.release()
    assert not key.held


def test_a_tap_begins_and_a_tap_ends() -> None:
    key = TalkKey()
    key.press(0.0)
    assert (key.held, key.decide_at_s) == (True, None)
    key.press(2.0)
    assert key.held
    assert key.decide_at_s is not None
    key.decide(key.decide_at_s)
    assert not key.held


@pytest.mark.parametrize(("delay_s", "pace_s"), [(0.25, 0.03), (0.5, 0.033), (0.66, 0.1), (1.0, 0.02)])
def test_a_held_key_that_only_repeats_talks_until_the_repetitions_end(delay_s: float, pace_s: float) -> None:
    key = TalkKey()
    presses = [0.0, *(delay_s + number * pace_s for number in range(60))]
    now_s = 0.0
    while now_s < presses[-1] + 1:
        if presses and presses[0] <= now_s:
            key.press(presses.pop(0))
            last_s = now_s
        key.decide(now_s)
        assert key.held or not presses
        if not presses:
            break
        now_s += 0.001
    key.decide(last_s + 0.3)
    assert not key.held


class FakeSession:
    """Keeps what the keys asked for."""

    def __init__(self) -> None:
        self.muted = False
        self.asked: list[object] = []
        self.activity = Activity.LISTENING

    def mute(self, muted: bool = True) -> None:
        """Mute."""
        self.muted = muted

    def talk(self, pressed: bool = True) -> None:
        """Talk."""
        if self.asked[-1:] != [pressed]:
            self.asked.append(pressed)

    def send_text(self, text: str) -> None:
        """Write."""
        self.asked.append(text)

    def stop(self, reason: str = "") -> None:
        """End."""
        self.asked.append(reason)


async def press(text: bytes, *, by_key: bool = False, listens: bool = True) -> FakeSession:
    """A session after these keys."""
    session: Any = FakeSession()
    controls = Controls(session, StatusLine(io.StringIO()), by_key=by_key, listens=listens)
    for stroke in KeyParser().feed(text):
        controls.take(stroke)
    controls.close()
    return session


async def test_what_is_typed_is_corrected_and_said_with_enter() -> None:
    assert (await press(b"helo\x7flo  big wurld\x17world\r\r  \r")).asked == ["hello  big world"]
    assert (await press(b"never mind\x15yes\r")).asked == ["yes"]
    assert (await press(b"no arrow\x1b[A\x1bOBs\r")).asked == ["no arrows"]
    assert (await press(b"x\x04\x7f\x04")).asked == ["ended by the user"]


@pytest.mark.parametrize(
    ("keys", "answers"),
    [(b"y", [True]), (b"Y", [True]), (b"n", [False]), (b"\r", [False]), (b"q y", []), (b" ", [])],
)
def test_a_question_is_answered_by_a_key_that_comes_after_it_was_read(keys: bytes, answers: list[bool]) -> None:
    async def main() -> tuple[list[bool], list[bool]]:
        session: Any = FakeSession()
        given: list[bool] = []
        controls = Controls(session, StatusLine(io.StringIO()), by_key=False, listens=True)
        for number in (1, 2):
            controls.ask(f"Allow {number}?", given.append)
        for stroke in KeyParser().feed(b"yn\r"):
            controls.take(stroke)
        at_once = list(given)
        await asyncio.sleep(0.6)
        for stroke in KeyParser().feed(keys):
            controls.take(stroke)
            controls.take(stroke)  # the second question is new
        controls.close()
        return at_once, given

    assert run_virtual(main()) == ([], answers)


async def test_tab_mutes_and_opens() -> None:
    assert (await press(b"\t")).muted
    assert not (await press(b"\t\t")).muted
    assert not (await press(b"\t", listens=False)).muted


async def test_space_talks_only_where_a_key_does_and_nothing_is_typed() -> None:
    assert (await press(b" ", by_key=True)).asked == [True]
    assert (await press(b"a b\r", by_key=True)).asked == ["a b"]
    assert (await press(b" a\r")).asked == ["a"]
    held = b"\x1b[?1u\x1b[32;1:1u\x1b[32;1:2u\x1b[32;1:2u\x1b[32;1:3u"
    assert (await press(held, by_key=True)).asked == [True, False]


class Shown(StatusLine):
    """Keeps what it is to say."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.texts: list[str] = []

    def show(self, text: str) -> None:
        """Keep it."""
        self.texts.append(text)


def test_the_status_line_follows_what_the_conversation_does() -> None:
    async def main() -> list[str]:
        session: Any = FakeSession()
        line = Shown()
        controls = Controls(session, line, by_key=False, listens=True)
        controls.follow()
        seen: list[str] = []
        for session.activity, session.muted in [
            *((activity, False) for activity in Activity),
            (Activity.SPEAKING, True),
        ]:
            await asyncio.sleep(1)
            seen.append(line.texts[-1].partition(" (")[0])
        controls.close()
        return [*seen, line.texts[-1]]

    assert run_virtual(main()) == [*Activity, "muted, speaking", ""]


def test_a_second_tap_ends_the_turn_by_itself() -> None:
    async def main() -> list[object]:
        session: Any = FakeSession()
        controls = Controls(session, StatusLine(io.StringIO()), by_key=True, listens=True)
        for after_s in (0.0, 2.0):
            await asyncio.sleep(after_s)
            controls.take(KeyStroke(" "))
            assert session.asked == [True]
        await asyncio.sleep(0.2)
        controls.close()
        return session.asked

    assert run_virtual(main()) == [True, False]


class Emulated(io.StringIO):
    """A terminal of some columns that understands what `StatusLine` sends."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = [""]
        self.row = self.column = 0

    def isatty(self) -> bool:
        """It is one."""
        return True

    def write(self, text: str) -> int:
        """Show text, and obey."""
        for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.|\n", text, re.DOTALL):
            if token == "\r":
                self.column = 0
            elif token == "\n":
                self.row, self.column = self.row + 1, 0
                self.rows += [""] * (self.row + 1 - len(self.rows))
            elif token == "\x1b[2K":
                self.rows[self.row] = ""
            elif token == "\x1b[1A":
                self.row -= 1
            elif token.startswith("\x1b") and token.endswith("G"):
                self.column = int(token[2:-1]) - 1
            elif not token.startswith("\x1b"):
                row = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = row[: self.column] + token + row[self.column + 1 :]
                self.column += 1
                assert self.column < COLUMNS
        return len(text)


PRINTED = st.text("ab \n", max_size=45)


@given(st.lists(st.tuples(PRINTED, st.one_of(st.none(), st.text("xyz ", max_size=40))), max_size=12))
def test_the_last_line_is_always_last_and_nothing_printed_is_lost(
    steps: list[tuple[str, str | None]],
) -> None:
    terminal = Emulated()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(status_line.StatusLine, "_columns", lambda self: COLUMNS)
        line = StatusLine(terminal)
        printed = status = ""
        for text, shown in steps:
            line.write(text)
            printed += text
            if shown is not None:
                line.show(shown)
                status = shown
            rows = terminal.rows[: terminal.row + 1]
            if status:
                assert rows[-1].rstrip() == status[: COLUMNS - 1].rstrip()
                rows = rows[:-1]
            assert "".join("".join(rows).split()) == "".join(printed.split())
        line.close()
        assert "".join("".join(terminal.rows).split()) == "".join(printed.split())


def test_words_go_to_the_next_row_whole() -> None:
    terminal = Emulated()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(status_line.StatusLine, "_columns", lambda self: COLUMNS)
        line = StatusLine(terminal)
        line.show("listening")
        for word in ["\x1b[1mAgent:\x1b[0m", "once", "upon", "a", "time", "there", "was", "a", "king"]:
            line.write(f"{word} ")
        line.write("\n")
    assert [row.rstrip() for row in terminal.rows] == ["Agent: once upon a time there", "was a king", "listening"]


def test_what_is_logged_stands_between_the_lines() -> None:
    terminal = Emulated()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(status_line.StatusLine, "_columns", lambda self: COLUMNS)
        line = StatusLine(terminal)
        line.show("listening")
        line.write("Agent: Well, ")
        line.interject("WARNING odd")
        line.write("hello.\n")
        line.interject("WARNING even")
    rows = [row.rstrip() for row in terminal.rows]
    assert rows == ["Agent: Well,", "WARNING odd", "hello.", "WARNING even", "listening"]


def test_what_is_no_terminal_gets_the_text_alone() -> None:
    out = io.StringIO()
    line = StatusLine(out)
    line.show("listening")
    line.write("x" * 200)
    line.send("\x1b[?u")
    line.close()
    assert out.getvalue() == "x" * 200
