"""Streams that are led to a device of the sound server, by the environment of the whole process."""

from __future__ import annotations

import os
import threading

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
    monkeypatch.setattr(sound_server, "_asked", lambda question, otherwise: next(names))
    opening, seen = threading.Event(), list[str | None]()

    def open_second() -> None:
        with sound_server.leading_to(_device(1002), Direction.OUTPUT):
            opening.set()
            seen.append(os.environ.get(SINK))

    other = threading.Thread(target=open_second)
    with sound_server.leading_to(_device(1000), Direction.OUTPUT):
        other.start()
        assert not opening.wait(0.2), "the second waits until the first is open"
        seen.append(os.environ.get(SINK))
    other.join(20)
    assert seen == ["first", "second"]
    assert SINK not in os.environ
