"""Lines above and the live ones below them, as a terminal emulator shows them."""

from __future__ import annotations

import io
import os
import sys
import threading

import hypothesis.strategies as st
import pyte
import pytest
from hypothesis import given
from rich.text import Text

from cli.terminal import live_area
from cli.terminal.live_area import LiveArea
from cli.terminal.writer import BackgroundWriter

COLUMNS, ROWS = 30, 12


class Emulated(io.StringIO):
    """A terminal, and all that it has ever shown."""

    def __init__(self, columns: int = COLUMNS) -> None:
        super().__init__()
        self.screen = pyte.HistoryScreen(columns, ROWS, history=5000, ratio=0.001)
        self._stream = pyte.Stream(self.screen)

    def isatty(self) -> bool:
        """It is one."""
        return True

    def write(self, text: str) -> int:
        """Show text, and obey."""
        self._stream.feed(text)
        return len(text)

    @property
    def rows(self) -> list[str]:
        """Everything, the empty rows at the end left out."""
        above = ["".join(row[at].data for at in range(self.screen.columns)) for row in self.screen.history.top]
        return "\n".join(row.rstrip() for row in [*above, *self.screen.display]).rstrip("\n").split("\n")


@pytest.fixture(autouse=True)
def _size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveArea, "_size", lambda self: (self._out.screen.columns, self._out.screen.lines))


PRINTED = st.text("ab \u4e2d\U0001f600", max_size=45)


@given(st.lists(st.tuples(PRINTED, st.lists(st.text("xyz ", max_size=40), max_size=3)), max_size=12))
def test_the_last_lines_are_always_last_and_nothing_printed_is_lost(steps: list[tuple[str, list[str]]]) -> None:
    terminal = Emulated()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LiveArea, "_size", lambda self: (COLUMNS, ROWS))
        area = LiveArea(terminal)
        printed = ""
        for text, lines in steps:
            area.write(text)
            area.show(*lines)
            printed += text
            rows = terminal.rows
            shown = "\n".join(line[: COLUMNS - 1].rstrip() for line in lines).rstrip("\n")
            assert "\n".join(rows).rstrip("\n").endswith(shown)
        area.close()
        assert "".join("".join(terminal.rows).split()) == "".join(printed.split())


def test_words_go_to_the_next_row_whole_and_long_ones_are_cut() -> None:
    terminal = Emulated()
    area = LiveArea(terminal)
    area.show("listening")
    area.write(Text.assemble(("Agent: ", "bold"), "once upon a time there was a king"))
    area.write("x" * 40)
    assert terminal.rows == ["Agent: once upon a time there", "was a king", "x" * 29, "x" * 11, "listening"]


def test_what_is_indented_stays_so_on_every_row() -> None:
    terminal = Emulated()
    LiveArea(terminal).write("  tool look(at='the sky above the sea')")
    assert terminal.rows == ["  tool look(at='the sky above", "  the sea')"]


def test_characters_of_two_cells_and_none_stand_where_they_should() -> None:
    terminal = Emulated()
    area = LiveArea(terminal)
    area.show("日本" * 20, "> ", cursor=2)
    area.write("Жил-был царь " + "語" * 20)
    assert [row.replace(" ", "") for row in terminal.rows[:3]] == ["Жил-былцарь", "語" * 14, "語" * 6]
    assert len(terminal.rows) == 5
    assert terminal.screen.cursor.y == 4
    assert terminal.screen.cursor.x == 2
    area.show("done")
    assert terminal.rows[3:] == ["done"]


def test_what_does_not_fit_is_cut_off_at_the_top() -> None:
    terminal = Emulated()
    area = LiveArea(terminal)
    for _ in range(3):
        area.show(*(f"line {number}" for number in range(20)))
        assert terminal.rows == [f"line {number}" for number in range(20 - ROWS + 1, 20)]


@pytest.mark.parametrize("wraps", [False, True])
def test_one_redraw_is_clean_after_a_resize(monkeypatch: pytest.MonkeyPatch, wraps: bool) -> None:
    monkeypatch.setenv("XTERM_VERSION", "" if wraps else "XTerm(390)")
    monkeypatch.delenv("STY", raising=False)
    terminal = Emulated(60)
    area = LiveArea(terminal)
    area.write("hello")
    lines = [letter * 50 for letter in "ab"]
    area.show(*lines, "> typed", cursor=7)
    terminal.screen.resize(ROWS, 40)
    if wraps:  # as most terminals do it: what stood on one row stands on two
        terminal.write(f"\x1b[2J\x1b[Hhello\r\n{'a' * 40}\r\n{'a' * 10}\r\n{'b' * 40}\r\n{'b' * 10}\r\n> typed")
    area.show(*lines, "> typed", cursor=7)
    assert terminal.rows == ["hello", "a" * 39, "b" * 39, "> typed"]
    terminal.screen.resize(ROWS, 70)
    area.show(*lines, "> typed", cursor=7)
    assert terminal.rows == ["hello", "a" * 50, "b" * 50, "> typed"]


def test_what_is_taken_away_is_not_left_in_the_history_that_tmux_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    erased_from: list[tuple[int, int]] = []
    erase = pyte.HistoryScreen.erase_in_display

    def noted(screen: pyte.HistoryScreen, how: int = 0, **options: object) -> None:
        erased_from.append((screen.cursor.x, screen.cursor.y))
        erase(screen, how, **options)

    monkeypatch.setattr(pyte.HistoryScreen, "erase_in_display", noted)
    terminal = Emulated()
    erased_from.clear()
    area = LiveArea(terminal)
    area.show("compiling for 41 s")
    area.show()
    area.show("listening", "> ")
    area.close()
    assert (0, 0) not in erased_from
    assert len(erased_from) == 4
    assert terminal.rows == [""]
    assert (terminal.screen.cursor.x, terminal.screen.cursor.y) == (0, 0)


def test_the_same_frame_is_not_drawn_twice() -> None:
    terminal = Emulated()
    area = LiveArea(terminal)
    area.show("same")
    drawn: list[str] = []
    terminal.write = lambda text: drawn.append(text) or 0  # type: ignore[method-assign, func-returns-value]
    area.show("same")
    assert drawn == []
    area.show("other")
    assert len(drawn) == 1


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_without_colours_words_are_still_bold_and_struck_through(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Emulated()
    LiveArea(terminal).write(Text.assemble(("red", "red"), ("bold", "bold"), ("struck", "strike")))
    row = terminal.screen.buffer[0]
    assert row[0].fg == ("default" if environment else "red")
    assert row[3].bold
    assert row[7].strikethrough


def test_a_terminal_that_takes_nothing_keeps_nobody_waiting_and_gets_all_that_was_printed_later() -> None:
    if sys.platform == "win32":
        pytest.skip("a pseudo-terminal is a thing of Unix")
    reading, writing = os.openpty()
    os.set_blocking(reading, False)
    with os.fdopen(writing, "w", encoding="utf-8") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(LiveArea, "_size", lambda self: (200, 50))
        writer = BackgroundWriter(stream)
        area = LiveArea(writer)
        for number in range(2000):
            area.write(f"printed {number}")
            area.show(f"frame {number}", "x" * 180)
        assert writer.is_behind
        assert writer.dropped == 0
        shown = bytearray()
        closing = threading.Thread(target=lambda: [close() for close in (area.close, writer.close)])
        closing.start()
        while closing.is_alive():
            shown += _taken(reading)
        while rest := _taken(reading):
            shown += rest
    os.close(reading)
    text = shown.decode()
    assert [number for number in range(2000) if f"printed {number}\r" not in text] == []
    assert text.count("frame ") < 1000


def _taken(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # nothing is there now
        return b""


@pytest.mark.parametrize("term", ["dumb", ""])  # a terminal, and none
def test_what_is_no_terminal_that_moves_a_cursor_gets_the_text_alone(
    monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term or "xterm")
    out: io.StringIO = type("Dumb", (io.StringIO,), {"isatty": lambda _: bool(term)})()
    area = LiveArea(out)
    area.show("listening")
    area.write("x" * 200)
    area.send("\x1b[?u")
    area.close()
    assert out.getvalue() == "x" * 200 + "\n"


def test_a_terminal_without_a_size_has_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((0, 0)))
    area = LiveArea(type("Sizeless", (io.StringIO,), {"fileno": lambda _: 1})())
    assert (area.columns, area.rows) == (live_area._USUAL_COLUMNS - 1, live_area._USUAL_ROWS)
