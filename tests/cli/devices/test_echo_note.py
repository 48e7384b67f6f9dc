"""The note on the echo of a pair of devices, as `voice doctor` reads it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cli.devices import echo_note
from cli.devices.echo_note import note_echo, noted_echo
from cli.doctor.stream import _echo
from engine.audio.types import StreamInfo, StreamSide


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(echo_note, "_path", lambda: tmp_path / "state" / "echo.json")
    return tmp_path / "state" / "echo.json"


def _pair(speaker: str) -> StreamInfo:
    source, target = (StreamSide(name, 48000, 1, 480, 10.0, "ALSA") for name in ("camera", speaker))
    return StreamInfo("test", True, source, target)


def test_the_doctor_says_that_echo_would_be_cancelled_and_by_how_much_it_was() -> None:
    pytest.importorskip("pywebrtc_audio", reason="no wheel for this machine")
    pair, other = _pair("loudspeaker"), _pair("television")
    assert "`voice devices test` measures" in _echo(pair).text
    note_echo(pair, 34.4)
    note_echo(pair, None)
    text = _echo(pair).text
    assert text.startswith("would be cancelled; ")
    assert f"last measured: 34 dB on {time.strftime('%Y-')}" in text
    assert "last measured" not in _echo(other).text
    assert _echo(_pair("headphones")).text.startswith("is not cancelled")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null", b'{"pair": ["camera", "loudspeaker"], "erle_db": "x"}']
)
def test_a_note_that_cannot_be_read_is_none(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert noted_echo(_pair("loudspeaker")) == ""


def test_where_it_cannot_be_written_nothing_happens(path: Path) -> None:
    path.parent.write_text("in the way")
    note_echo(_pair("loudspeaker"), 30.0)
    assert noted_echo(_pair("loudspeaker")) == ""
