"""Patience with a sound system: bounded, and what the call itself raises comes through."""

from __future__ import annotations

import threading

import pytest

from engine.audio.device import patience
from engine.audio.device.patience import wait_for_sound
from engine.errors import StreamLostError


def test_nobody_waits_for_ever_and_what_comes_too_late_is_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "_TOLD_S", 0.05)
    monkeypatch.setattr(patience, "_MOST_S", 0.1)
    answers, closed = threading.Event(), threading.Event()

    def call() -> str:
        answers.wait()
        return "late"

    with pytest.raises(StreamLostError, match=r"has not answered for 0\.1 s"):
        wait_for_sound(call, discard=lambda late: closed.set() if late == "late" else None)
    assert "has not answered for 0.05 s" in caplog.text
    answers.set()
    assert closed.wait(30)


def test_what_the_call_raises_is_raised() -> None:
    def call() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        wait_for_sound(call)
