"""Keys in a conversation, and the last line that shows their effect."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cli.run.commands import help_lines
from cli.run.controls import Controls
from cli.terminal.key_parser import KeyParser
from cli.terminal.live_area import LiveArea
from cli.terminal.writer import BackgroundWriter
from cli.view.live_screen import LiveScreen
from engine.realtime.testing import run_virtual

COLUMNS, ROWS = 60, 24
LEFT, HOME, UP, DOWN, PREVIOUS, F1 = b"\x1b[D", b"\x1b[H", b"\x1b[A", b"\x1b[B", b"\x10", b"\x1bOP"


class FakeSession:
    """Keeps what the keys asked for."""

    def __init__(self, *, by_key: bool = False, listens: bool = True) -> None:
        self.by_key, self.listens = by_key, listens
        self.muted = False
        self.asked: list[object] = []
        self.monitor = SimpleNamespace(volume_db=0.0)

    def mute(self, muted: bool = True) -> None:
        """Mute."""
        self.muted = muted

    def talk(self, pressed: bool = True) -> None:
        """Talk."""
        if self.asked[-1:] != [pressed]:
            self.asked.append(pressed)

    def interrupt(self) -> None:
        """Silence the agent."""
        self.asked.append("silence")

    def send_text(self, text: str) -> None:
        """Write."""
        self.asked.append(text)

    def stop(self, reason: str = "") -> None:
        """End."""
        self.asked.append(reason)


class Desk:
    """A person before a keyboard."""

    def __init__(self, *, by_key: bool = False, listens: bool = True) -> None:
        self.out = io.StringIO()
        writer = BackgroundWriter(self.out)
        self.screen = LiveScreen(LiveArea(writer), writer)
        self.session = FakeSession(by_key=by_key, listens=listens)
        session: Any = self.session
        self.controls = Controls(session, self.screen)
        self._keys = KeyParser()

    def press(self, data: bytes) -> None:
        """Press what a terminal sends so."""
        for key in [*self._keys.feed(data), *self._keys.settle()]:
            self.controls.take(key)

    def last_line(self, columns: int = COLUMNS) -> str:
        """The input line as the person sees it, with a bar where the cursor is."""
        (line,), cursor = self.screen.prompt(columns, ROWS)
        return line.plain if cursor is None else f"{line.plain[:cursor]}|{line.plain[cursor:]}"


async def press(data: bytes, *, by_key: bool = False, listens: bool = True) -> FakeSession:
    """A session after these keys."""
    desk = Desk(by_key=by_key, listens=listens)
    desk.press(data)
    desk.controls.close()
    return desk.session


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (b"helo\x7flo  big wurld\x17world\r\r  \r", ["hello  big world"]),
        (b"never mind\x15yes\r", ["yes"]),
        (b"wrld" + LEFT * 3 + b"o" + HOME + b"hello \r", ["hello world"]),
        ("приве".encode() + b"\x01\x05" + "т\r".encode(), ["привет"]),
        (b"one\rtwo\r" + PREVIOUS + PREVIOUS + b"\r", ["one", "two", "one"]),
        (b"one\rt" + UP + b"\r", ["one", "one"]),
        (b"\x1b[200~line 1\rline 2\x1b[201~\r", ["line 1 line 2"]),
        (b"a" + b"x" * 20_000 + b"\r", ["a" + "x" * 20_000]),
        (b"x\x04\x7f\x04", ["ended by the user"]),
        (b"\x1b", ["silence"]),
        (b"half\x1b[27u a line\r", ["silence", "half a line"]),
        (b"/quit\r", ["ended by the user"]),
        (b"/q\t\r", ["ended by the user"]),
        (b"yes/no\r", ["yes/no"]),
    ],
)
async def test_what_is_typed_is_corrected_and_said_with_enter(keys: bytes, said: list[object]) -> None:
    assert (await press(keys)).asked == said


async def test_tab_mutes_and_opens_and_so_does_the_command() -> None:
    assert (await press(b"\t")).muted
    assert not (await press(b"\t\t")).muted
    assert not (await press(b"\t", listens=False)).muted
    assert (await press(b"/mute\r")).muted
    assert (await press(b"/m\t\r")).muted, "Tab completes where the line is a command"
    assert not (await press(b"/m\t")).muted
    assert (await press(b"text\t")).muted


async def test_arrows_turn_the_volume_on_an_empty_line_only() -> None:
    assert (await press(UP + UP + UP + DOWN)).monitor.volume_db == 4
    assert (await press(b"x" + UP + DOWN)).monitor.volume_db == 0
    assert (await press(b"/volume -6.5\r")).monitor.volume_db == -6.5


async def test_space_talks_only_where_a_key_does_and_nothing_is_typed() -> None:
    assert (await press(b" ", by_key=True)).asked == [True]
    assert (await press(b"a b\r", by_key=True)).asked == ["a b"]
    assert (await press(b" a\r")).asked == ["a"]
    held = b"\x1b[?1u\x1b[32;1:1u\x1b[32;1:2u\x1b[32;1:2u\x1b[32;1:3u"
    assert (await press(held, by_key=True)).asked == [True, False]


@pytest.mark.parametrize("columns", [50, 80])
def test_no_line_of_the_help_is_broken(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, help_lines(listens=True, by_key=True))) < columns


def test_the_help_tells_only_of_what_the_conversation_has() -> None:
    everything = "\n".join(help_lines(listens=True, by_key=True))
    assert "/mute" in everything
    assert "Space" in everything
    written = "\n".join(help_lines(listens=False, by_key=False))
    assert "/mute" not in written
    assert "Space" not in written


@pytest.mark.parametrize(
    ("keys", "words"),
    [(F1, "Esc +silence the agent"), (b"/help\r", "/devices +choose"), (b"/nosuch\r", "no command /nosuch")],
)
async def test_help_and_what_is_no_command_are_printed(keys: bytes, words: str) -> None:
    import re  # noqa: PLC0415

    desk = Desk()
    desk.press(keys)
    assert re.search(words, desk.out.getvalue())
    assert desk.session.asked == []


async def test_the_last_line_says_what_can_be_done_and_shows_what_is_typed_with_its_cursor() -> None:
    desk = Desk(by_key=True)
    assert desk.last_line().startswith("> |tap Space to talk · F1 help · Tab mutes")
    assert desk.last_line(32) == "> |tap Space to talk · F1 help"
    desk.press(b"\x1b[?1u")
    assert desk.last_line().startswith("> |hold Space to talk")
    desk.press(b"hello" + LEFT * 2)
    assert desk.last_line() == "> hel|lo"
    desk.press(b"\x15\x0b/")
    assert desk.last_line() == "> /|  Tab: /help /mute /volume /devices /quit"
    desk.press(b"\x7f" + "日本語".encode() * 20)
    assert desk.last_line(30).startswith("> …")
    line, cursor = desk.screen.prompt(30, ROWS)
    assert line[0].cell_len <= 30
    assert cursor is not None
    assert cursor < 30


@pytest.mark.parametrize(
    ("keys", "answers"),
    [(b"y", [True]), (b"Y", [True]), (b"n", [False]), (b"\r", [False]), (b"\x1b", [False]), (b"q y", []), (b" ", [])],
)
def test_a_question_is_answered_by_a_key_that_comes_after_it_was_read(keys: bytes, answers: list[bool]) -> None:
    async def main() -> tuple[list[bool], list[bool], list[str]]:
        desk, given = Desk(), list[bool]()
        ask: Callable[[str, Callable[[bool], None]], None] = desk.controls.ask
        for number in (1, 2):
            ask(f"Allow {number}?", given.append)
        shown = [desk.last_line()]
        desk.press(b"yn\r")
        at_once = list(given)
        await asyncio.sleep(0.6)
        desk.press(keys)
        shown.append(desk.last_line())
        desk.press(keys)  # the second question is new
        desk.controls.withdraw()
        return at_once, given, shown

    at_once, given, shown = run_virtual(main())
    assert (at_once, given) == ([], answers)
    assert shown[0] == "Allow 1?"
    assert (shown[1] == "Allow 2?") == bool(answers)


def test_a_second_tap_ends_the_turn_by_itself() -> None:
    async def main() -> list[object]:
        desk = Desk(by_key=True)
        for after_s in (0.0, 2.0):
            await asyncio.sleep(after_s)
            desk.press(b" ")
            assert desk.session.asked == [True]
            assert desk.screen.talks
        await asyncio.sleep(0.2)
        assert not desk.screen.talks
        desk.controls.close()
        return desk.session.asked

    assert run_virtual(main()) == [True, False]
