"""Choice of the backend: a file takes the place of one device, two take both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backends.virtual import VirtualBackend
from engine.api import backend as module
from engine.api.backend import choose_backend, directions_of, stream_request
from engine.api.options import SessionOptions
from engine.audio.device.file_beside import FileBeside
from engine.audio.device.registry import Chosen
from engine.audio.types import Direction
from engine.config import AudioDefaults
from engine.errors import NoSoundCardError

IN, OUT = {"input_file": Path("in.wav")}, {"output_file": Path("out.wav")}


class Card(VirtualBackend):
    """A sound card of this test."""

    name = "card"


def chosen(
    monkeypatch: pytest.MonkeyPatch, card: VirtualBackend, options: dict[str, Any], *directions: Direction
) -> Any:
    """The backend for some options on a machine with that card, which the configuration names."""
    monkeypatch.setattr(module, "open_backend", lambda name, directions: Chosen(card, name))
    given = SessionOptions(**options)
    return choose_backend(given, AudioDefaults(backend="card"), directions or directions_of(given)).backend


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, Card),
        ({"text": True}, Card),
        (IN, FileBeside),
        (OUT, FileBeside),
        ({**OUT, "backend": "card"}, FileBeside),
        ({**IN, **OUT}, VirtualBackend),
        ({**OUT, "text": True}, VirtualBackend),
    ],
    ids=str,
)
def test_with_a_sound_card(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], kind: type) -> None:
    assert type(chosen(monkeypatch, Card(), options)) is kind


def test_one_direction_to_a_file_needs_no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(chosen(monkeypatch, Card(), OUT, Direction.OUTPUT)) is VirtualBackend


@pytest.mark.parametrize(
    ("asked", "configured", "is_meant"),
    [
        (None, None, True),
        ("pyaudio", None, True),
        ("pyaudio", "sounddevice", True),
        ("mine", None, False),
        (None, "mine", True),
        ("mine", "mine", True),
        ("sounddevice", "mine", False),
        ("virtual", "virtual", False),
    ],
)
def test_configured_devices_are_those_of_the_backend_they_were_chosen_with(
    asked: str | None, configured: str | None, is_meant: bool
) -> None:
    options, defaults = SessionOptions(backend=asked, output="named"), AudioDefaults(configured, "usb", "hdmi")
    request = stream_request(options, defaults, asked or configured or "sounddevice", tuple(Direction))
    assert (request.input, request.output) == ("usb" if is_meant else None, "named")


def test_without_a_sound_card_a_file_is_spoken_to_nobody_and_nobody_speaks_into_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "require_sound_card", lambda name, found: _refuse())
    assert type(chosen(monkeypatch, VirtualBackend(), IN)) is VirtualBackend
    for options in ({}, OUT, {**IN, "output": "usb"}):
        with pytest.raises(NoSoundCardError):
            chosen(monkeypatch, VirtualBackend(), options)


def _refuse() -> None:
    raise NoSoundCardError("There is no sound card here.")
