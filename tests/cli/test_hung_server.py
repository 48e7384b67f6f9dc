"""A sound system that hangs before anything is open: it is told within seconds, and Ctrl+C works."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.doctor import audio as doctor
from tests.support.soundcard import missing_parts
from tests.support.voice_process import VOICE

PULSE = "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse hint { show on } }\nctl.!default { type pulse }\n"


@pytest.fixture
def hung_server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Variables by which whoever calls the sound server is put through to nobody."""
    if sys.platform == "win32":
        pytest.skip("PulseAudio's sockets are of Unix")
    if missing_parts():
        pytest.skip("this system lacks PulseAudio's client")
    (tmp_path / "asound.conf").write_text(PULSE)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "pulse"))
        server.listen()
        names = {"PULSE_SERVER": f"unix:{tmp_path / 'pulse'}", "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}
        yield names


@pytest.mark.parametrize("command", ["devices", "run"])
def test_a_server_that_hangs_is_told_of_and_ctrl_c_ends_the_program(hung_server: dict[str, str], command: str) -> None:
    process = subprocess.Popen([VOICE, command], env={**os.environ, **hung_server}, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "has not answered" in line)
        assert "for 3 s" in told
        process.send_signal(signal.SIGINT)
        began_s = time.monotonic()
        assert process.wait(30) == 130
        assert time.monotonic() - began_s < 5
        assert "Traceback" not in process.stderr.read()


def test_the_doctor_does_not_blame_the_configuration(
    hung_server: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hung_server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor, "_START_S", 1.0)
    found = doctor.portaudio_crash()
    assert found is not None
    assert "does not start within 1 s" in found.text
    assert "Restart the sound server" in found.fix
