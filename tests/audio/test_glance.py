"""A glance at ALSA's devices: it changes where they may have changed, and shows nothing where it could not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.audio.backend import StreamInfo, StreamSide
from engine.audio.glance import glance

ALSA, OTHER = (StreamSide("default", 48000, 1, 480, 10.0, host_api) for host_api in ("ALSA", "Core Audio"))


@pytest.mark.parametrize("place", ["one.conf", "two.conf", "pulse/native"])
def test_it_changes_with_what_devices_are_made_of(tmp_path: Path, place: str) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "ALSA_CONFIG_PATH": f"{tmp_path}/one.conf:{tmp_path}/two.conf"}
    info = StreamInfo("test", True, ALSA, ALSA)
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    before = glance(info, environment)
    assert before is not None
    assert glance(info, environment) == before
    path.write_text("something")
    written = glance(info, environment)
    assert written != before
    path.unlink()
    assert glance(info, environment) != written


def test_without_places_of_ones_own_the_systems_are_left() -> None:
    assert glance(StreamInfo("test", True, ALSA, ALSA), {}) is not None


@pytest.mark.parametrize("info", [StreamInfo("test", True, OTHER, ALSA), StreamInfo("test", True, ALSA, OTHER)])
def test_it_shows_nothing_of_other_host_apis(info: StreamInfo) -> None:
    assert glance(info) is None
