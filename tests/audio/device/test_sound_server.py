"""Questions to the sound server, and streams that are led to its devices by the environment of the whole process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from engine.audio.device import sound_server
from engine.audio.types import SOUND_SERVERS, Device, Direction

SINK = "PULSE_SINK"


def _device(index: int) -> Device:
    return Device(index, f"Speaker {index}", SOUND_SERVERS[0], 0, 2, 48000, 0.0, 0.0, 0.0, 0.0, False, False)


def test_two_streams_that_are_opened_at_once_lead_to_two_devices_and_leave_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(SINK, raising=False)
    names = iter(["first", "second"])
    monkeypatch.setattr(sound_server, "ask_server", lambda question, otherwise: next(names))
    opening, seen = threading.Event(), list[str | None]()

    def open_second() -> None:
        with sound_server.leading_to(_device(1002), Direction.OUTPUT, list):
            opening.set()
            seen.append(os.environ.get(SINK))

    other = threading.Thread(target=open_second)
    with sound_server.leading_to(_device(1000), Direction.OUTPUT, list):
        other.start()
        assert not opening.wait(0.2), "the second waits until the first is open"
        seen.append(os.environ.get(SINK))
    other.join(20)
    assert seen == ["first", "second"]
    assert SINK not in os.environ


@pytest.fixture
def pulsectl(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Put a library in the place of `pulsectl`, which connects as it is told."""

    def make(connect: Callable[[], None]) -> None:
        class Pulse:
            def __init__(self, name: str, connect: bool) -> None:
                self.name = name

            def connect(self, autospawn: bool) -> None:
                connect()

            def __enter__(self) -> Pulse:
                return self

            def __exit__(self, *_: object) -> None:
                pass

        monkeypatch.setitem(sys.modules, "pulsectl", SimpleNamespace(Pulse=Pulse))

    return make


def test_a_server_that_refuses_or_is_not_there_is_asked_again(pulsectl: Callable[[Callable[[], None]], None]) -> None:
    def refuse() -> None:
        raise OSError("refused")

    pulsectl(refuse)
    assert sound_server.ask_server(lambda server: "yes", "no") == "no"
    pulsectl(lambda: None)
    assert sound_server.ask_server(lambda server: "yes", "no") == "yes"


def test_a_server_that_hangs_keeps_one_thread_however_often_it_is_asked(
    pulsectl: Callable[[Callable[[], None]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_server, "_PATIENCE_S", 0.01)
    release, connections = threading.Event(), list[int]()

    def hang() -> None:
        connections.append(1)
        release.wait(60)

    pulsectl(hang)
    assert [sound_server.ask_server(lambda server: "yes", "no") for _ in range(5)] == ["no"] * 5
    assert len(connections) == 1
    (owed,) = sound_server._owed
    answered = threading.Event()
    owed.add_done_callback(lambda _: answered.set())
    release.set()
    assert answered.wait(60)
    monkeypatch.setattr(sound_server, "_PATIENCE_S", 60.0)
    assert sound_server.ask_server(lambda server: "yes", "no") == "yes"
