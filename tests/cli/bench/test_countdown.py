"""The time left of a long case moves: in place on a terminal, line by line elsewhere, and is gone when the case is."""

from __future__ import annotations

import io
import threading

import pyte
import pytest

from cli.bench import countdown
from cli.bench.countdown import Countdown
from cli.terminal.live_area import LiveArea


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

    with Countdown(LiveArea(out), text):
        assert seen.wait(30)
    return out.getvalue()


def test_a_terminal_has_one_line_that_is_taken_away_at_the_end() -> None:
    shown = _shown_of_three(_Terminal())
    assert "\n" not in shown
    screen = pyte.Screen(80, 24)
    frames = shown.split("\x1b[?2026l")
    seen = []
    for frame in frames:
        pyte.Stream(screen).feed(frame)
        seen.append(screen.display[0].rstrip())
    assert seen[:3] == ["about 63 s left", "about 62 s left", "about 61 s left"]
    assert seen[-1] == ""
    assert not screen.cursor.hidden


def test_a_file_gets_a_line_now_and_then() -> None:
    shown = _shown_of_three(io.StringIO()).splitlines()
    assert shown[:3] == ["about 63 s left", "about 62 s left", "about 61 s left"]


def test_it_ends_with_what_it_stands_beneath_whatever_that_ends_with() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Countdown(LiveArea(io.StringIO()), lambda: ""):
        raise KeyboardInterrupt
    assert threading.active_count() == before
