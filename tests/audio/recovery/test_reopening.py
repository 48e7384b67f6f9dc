"""Opening a lost stream again through a library that cannot see its devices anew."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from engine.audio.session_audio import SessionAudio
from engine.audio.types import Device, StreamRequest
from engine.errors import UnknownDeviceError
from tests.support.hotplug_backend import MICROPHONE, SPEAKER, HotplugBackend, plug_in, prepare_devices

STALE = "The list cannot be renewed: another stream is open."
OTHER = Device(2, "Other", "test", 0, 2, 44100)


class Stale(HotplugBackend):
    """A backend whose list stays as it is."""

    def refresh(self) -> str:
        """Say why."""
        return STALE


@pytest.fixture(autouse=True)
def _devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_devices(tmp_path, monkeypatch)
    plug_in([MICROPHONE, SPEAKER, OTHER])


def lost(speaker: str | None = None) -> SessionAudio:
    """Audio whose stream is closed."""
    audio = SessionAudio(Stale(), StreamRequest(output=speaker), input_rate_hz=24000, output_rate_hz=24000)
    opened = audio.release()
    assert opened is not None
    opened.close()
    audio.gone()
    return audio


def test_the_new_default_is_opened_by_name_where_it_is_listed(caplog: pytest.LogCaptureFixture) -> None:
    audio = lost()
    now = [MICROPHONE, replace(SPEAKER, is_default_output=False), replace(OTHER, index=7, is_default_output=True)]
    with caplog.at_level(logging.WARNING):
        opened = audio.open_again(now)
    assert opened.info.output is not None
    assert opened.info.output.device == "Other"
    assert STALE in caplog.text
    opened.close()
    audio.close()


def test_the_default_that_is_listed_is_opened_where_the_new_one_is_not() -> None:
    audio = lost()
    opened = audio.open_again([MICROPHONE, Device(3, "Screen", "test", 0, 2, 48000, is_default_output=True)])
    assert opened.info.output is not None
    assert opened.info.output.device == "Speaker"
    opened.close()
    audio.close()


def test_a_named_device_that_is_not_listed_is_missed_and_it_is_said_why() -> None:
    audio = lost("Other")
    plug_in([MICROPHONE, SPEAKER])
    with pytest.raises(UnknownDeviceError, match=f"'Other, test'.* {STALE}"):
        audio.open_again([MICROPHONE, SPEAKER, OTHER])
    audio.close()
