"""Lines for a terminal: broken between words, with files that can be clicked."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cli.terminal.wrapping import linked, wrapped

PATH = Path("/tmp/talks/a-page-with-a-long-name.html")
TEXT = f"The page is {PATH}."


class Narrow(io.StringIO):
    """A terminal of 30 columns."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size, where the stream has no descriptor to ask."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")


def test_a_path_is_never_broken_and_can_be_clicked() -> None:
    lines = wrapped(TEXT, 2, Narrow())
    assert lines == f"The page is\n  {PATH}."
    assert linked(lines, PATH, Narrow()) == f"The page is\n  \x1b]8;;file://{PATH}\x1b\\{PATH}\x1b]8;;\x1b\\."


def test_a_name_that_is_also_in_the_words_is_a_link_only_where_it_stands() -> None:
    assert linked("The page is e.", Path("e"), Narrow()).startswith("The page is \x1b]8;;file:///")


def test_what_is_no_terminal_gets_the_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert linked(wrapped(TEXT, 2, io.StringIO()), PATH, io.StringIO()) == TEXT
    monkeypatch.setenv("TERM", "dumb")
    assert linked(TEXT, PATH, Narrow()) == TEXT
