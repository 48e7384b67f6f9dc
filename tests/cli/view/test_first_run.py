"""The first run says what answers and how to change that, and counts the seconds of the compilation."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from cli.view import first_run
from cli.view.first_run import Compiling, introduce
from cli.view.screen import Screen
from engine.api.options import SessionOptions
from engine.config import Config, SessionDefaults


class Told(Screen):
    """A screen that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.waits: list[str] = []
        self.counted = threading.Event()

    def say(self, text: str) -> None:
        self.said.append(text)

    def wait_for(self, text: str) -> None:
        self.waits.append(text)
        if len(self.waits) == 2:
            self.counted.set()


@pytest.mark.parametrize(
    ("config", "options", "is_first"),
    [
        (Config(), SessionOptions(), True),
        (Config(), SessionOptions(provider="openai"), False),
        (Config(), SessionOptions(url="ws://localhost:1"), False),
        (replace(Config(), session=SessionDefaults(provider="local")), SessionOptions(), False),
    ],
)
def test_only_who_has_chosen_nothing_is_told_how(config: Config, options: Any, is_first: bool) -> None:
    screen = Told()
    introduce(screen, config, options)
    assert [("`voice setup`" in text) for text in screen.said] == [True] * is_first


def test_seconds_are_counted_between_the_two_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_run, "_POLL_S", 0.001)
    screen = Told()
    compiling = Compiling(screen)
    compiling.end()
    compiling = Compiling(screen)
    compiling("Compiling ...")
    assert screen.counted.wait(60)
    compiling("Compiled.")
    compiling.end()
    assert screen.said == ["Compiling ...", "Compiled."]
    assert screen.waits[0].startswith("compiling for 0 s")
    assert screen.waits[-1] == ""
