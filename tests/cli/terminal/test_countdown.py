"""The time left of a long case moves: in place on a terminal, line by line elsewhere, and is gone when the case is."""

from __future__ import annotations

import io
import threading

import pytest

from cli.terminal import countdown
from cli.terminal.countdown import Countdown
from cli.terminal.status_line import StatusLine


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(countdown, "_LIVE_S", 0.001)
    monkeypatch.setattr(countdown, "_PLAIN_S", 0.001)


def _shown_of_three(out: io.StringIO) -> str:
    seen = threading.Event()
    left_s = [64]

    def text() -> str:
        left_s[0] -= 1
        if left_s[0] == 60:
            seen.set()
        return f"about {left_s[0]} s left"

    with Countdown(StatusLine(out), text):
        assert seen.wait(30)
    return out.getvalue()


def test_a_terminal_has_one_line_that_is_taken_away_at_the_end() -> None:
    shown = _shown_of_three(_Terminal())
    assert "\n" not in shown
    assert shown.startswith("about 63 s left\r\x1b[2Kabout 62 s left\r\x1b[2Kabout 61 s left")
    assert shown.endswith("\r\x1b[2K")


def test_a_file_gets_a_line_now_and_then() -> None:
    shown = _shown_of_three(io.StringIO()).splitlines()
    assert shown[:3] == ["about 63 s left", "about 62 s left", "about 61 s left"]


def test_it_ends_with_what_it_stands_beneath_whatever_that_ends_with() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Countdown(StatusLine(io.StringIO()), lambda: ""):
        raise KeyboardInterrupt
    assert threading.active_count() == before
