"""A system whose ALSA has no configuration: PortAudio would end the process; we say so, and take the next backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.voice_process import VOICE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")


@pytest.fixture(params=["missing", "empty", "damaged"])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment with such a configuration."""
    path = tmp_path / "alsa.conf"
    if request.param != "missing":
        path.write_text("" if request.param == "empty" else "pcm {{{\n")
    return {**os.environ, "ALSA_CONFIG_PATH": str(path), "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_a_name_that_is_not_utf_8_hides_no_device(tmp_path: Path, backend: str) -> None:
    """The kernel cuts names at 32 bytes, also in the middle of a letter; others write Latin-1."""
    cut = "USB-Аудио".encode()[:-1]
    defined = b"".join(b'pcm."%b" { type null hint { show on } }\n' % name for name in (b"H\xf6rer", cut, b"plain"))
    (tmp_path / "alsa.conf").write_bytes(b"</usr/share/alsa/alsa.conf>\n" + defined)
    environment = {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf"), "PULSE_SERVER": "unix:/nonexistent"}
    run = devices(environment, "--backend", backend, "--json")
    assert run.returncode == 0, run.stderr
    listed = {device["name"] for device in json.loads(run.stdout)}
    assert {"plain", "USB-Ауди\ufffd"} < listed
    assert listed & {"H\ufffdrer", "Hörer"}, "PyAudio itself reads what could be Windows' Western European"


def devices(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VOICE, "devices", *arguments], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_a_backend_that_is_asked_for_is_an_error_with_the_fix(broken: dict[str, str], backend: str) -> None:
    run = devices(broken, "--backend", backend)
    assert run.returncode == 4, run.stderr
    assert "ALSA has no configuration" in run.stderr
    assert "libasound2-data" in run.stderr


def test_any_backend_is_the_next_one_that_works(broken: dict[str, str]) -> None:
    run = devices(broken)
    assert run.returncode == 0, run.stderr
    assert "Backend virtual" in run.stdout
    assert "ALSA lib" not in run.stderr
