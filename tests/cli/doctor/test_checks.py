"""`voice doctor` as a person runs it: on healthy and on ailing machines."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dsp.compile.library import load_kernels
from engine.dsp.compile.ownership import user_name
from tests.realtime.tools.test_tool import install_plugins
from tests.support.soundcard import RATE_HZ, SoundCard
from tests.support.voice_process import VOICE

_KEY = "AQVN-secret-of-this-test"
_VERDICTS = {"ok", "warning", "error"}
_LEAVING = """
import sys
from backends.virtual import VirtualBackend
class Leaving(VirtualBackend):
    name = "leaving"
    def {part}(self, *_):
        sys.exit(0)
"""


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment without a sound server, a configuration and keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YANDEX_", "OPENAI_", "VOICE_"))}
    return {
        **kept,
        "PULSE_SERVER": f"unix:{tmp_path}/no-server",
        "XDG_RUNTIME_DIR": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


def _doctor(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VOICE, "doctor", *arguments], capture_output=True, text=True, env=env, check=False)


def _findings(run: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """By subject; every one of the documented form, and the exit code as the verdicts say."""
    found: list[dict[str, Any]] = json.loads(run.stdout)
    for finding in found:
        assert finding.keys() == {"subject", "verdict", "text", "fix"}
        assert finding["verdict"] in _VERDICTS
        assert finding["text"]
        assert (finding["verdict"] == "ok") == (not finding["fix"])
        # It is `voice doctor`, and has none of the options of others.
        assert "`voice doctor`" not in finding["fix"]
        assert "with --input" not in finding["fix"]
    assert run.returncode == int(any(finding["verdict"] == "error" for finding in found))
    return {finding["subject"]: finding for finding in found}


def test_no_sound_card_is_an_error_and_nothing_chatters(bare: dict[str, str]) -> None:
    run = _doctor(bare, "--json")
    found = _findings(run)
    assert run.returncode == 1
    assert not [line for line in run.stderr.splitlines() if "ompil" not in line]
    assert found["backend virtual"]["verdict"] == "ok"
    assert found["backend sounddevice"]["verdict"] == "warning"
    assert found["default input"]["verdict"] == found["default output"]["verdict"] == "error"
    # `voice backends` says the same of them.
    listed = subprocess.run([VOICE, "backends", "--json"], capture_output=True, text=True, env=bare, check=True)
    for row in json.loads(listed.stdout):
        finding = found[f"backend {row['name']}"]
        assert row["works"] == (finding["verdict"] == "ok")
        assert row["works"] or (row["note"], row["fix"]) == (finding["text"], finding["fix"])
    subjects = ("python", "configuration", "kernels", "portaudio", "sound server", "priority", "governor", "clock")
    assert found.keys() >= {*subjects, "backend pyaudio", "local agent", "provider"}
    assert "network" not in found


def test_on_the_virtual_card_both_backends_are_native(soundcard: SoundCard, bare: dict[str, str]) -> None:
    found = _findings(_doctor({**bare, **soundcard.env}, "--json"))
    for subject in ("backend sounddevice", "backend pyaudio"):
        assert found[subject]["verdict"] == "ok"
        assert found[subject]["text"].startswith("native; microphone ")
    assert found["sound server"]["text"].startswith("pulseaudio")
    assert found["default output"]["verdict"] == "ok"
    assert "PortAudio" in found["portaudio"]["text"]
    assert "ALSA" in found["portaudio"]["text"]
    # Nobody speaks: the card's microphone gives exact zeros, as a muted one does.
    assert found["microphone"]["verdict"] == "warning"
    assert "exact zeros" in found["microphone"]["text"]
    assert found["echo"]["text"].startswith("would be cancelled; the microphone passes through WebRtc")
    assert _priorities(found["audio threads"]["text"]) in ({"granted"}, {"refused"})
    assert found["audio threads"]["verdict"] == found["priority"]["verdict"]


def test_a_microphone_that_is_let_through_is_well(soundcard: SoundCard, bare: dict[str, str]) -> None:
    tone = (9000 * np.sin(np.arange(60 * RATE_HZ) / 20)).astype(np.int16)
    player = soundcard.play_to_microphone(tone, RATE_HZ)
    try:
        found = _findings(_doctor({**bare, **soundcard.env}, "--json"))
    finally:
        player.terminate()
        player.wait()
    assert found["microphone"]["verdict"] == "ok"
    assert re.search(r"-1[01] dB at its loudest", found["microphone"]["text"])


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("setpriv"), reason="setpriv takes the privilege away")
def test_priority_that_is_refused_is_a_warning_with_the_fix(bare: dict[str, str]) -> None:
    if sys.platform != "linux":
        pytest.skip("setpriv takes the privilege away")
    without = ["--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice"] if os.geteuid() == 0 else []
    limited = ["prlimit", "--rtprio=0:0", "setpriv", *without, VOICE, "doctor", "--json"]
    run = subprocess.run(limited, capture_output=True, text=True, env=bare, check=False)
    priority = _findings(run)["priority"]
    assert priority["verdict"] == "warning"
    assert "RLIMIT_RTPRIO 0" in priority["text"]
    assert "limits.d" in priority["fix"]


def _priorities(text: str) -> set[str]:
    return {part.rpartition(" ")[2] for part in text.partition(": ")[2].split(", ")}


def test_people_read_a_line_for_each_finding(bare: dict[str, str]) -> None:
    run = _doctor({**bare, "VOICE_BACKEND": "virtual"})
    assert run.returncode == 0  # who chose files misses no sound card
    first_words = [line.split()[0] for line in run.stdout.splitlines() if line and not line.startswith(" ")]
    assert set(first_words) <= _VERDICTS
    assert len(first_words) >= 12


def test_a_server_that_answers_is_found_without_sending_the_key(bare: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        address = f"ws://127.0.0.1:{server.getsockname()[1]}/realtime"
        run = _doctor({**bare, "VOICE_API_KEY": _KEY}, "--json", "--url", address)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(20)
            assert connection.recv(1024) == b""
    found = _findings(run)
    assert found["network"]["verdict"] == "ok"
    assert found["key"]["text"] == "set"
    assert _KEY not in run.stdout + run.stderr


def test_a_server_that_does_not_answer_is_an_error(bare: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    run = _doctor({**bare, "VOICE_API_KEY": _KEY}, "--json", "--url", f"wss://user:{_KEY}@127.0.0.1:{port}/")
    assert _findings(run)["network"]["verdict"] == "error"
    assert run.returncode == 1
    assert _KEY not in run.stdout + run.stderr


def test_a_provider_without_its_key_is_an_error(bare: dict[str, str]) -> None:
    run = _doctor(bare, "--json", "--provider", "openai")
    found = _findings(run)
    assert run.returncode == 1
    assert "OPENAI_API_KEY" in found["provider"]["fix"]


def test_half_a_yandex_account_is_pointed_out(bare: dict[str, str]) -> None:
    run = _doctor({**bare, "YANDEX_CLOUD_API_KEY": _KEY}, "--json")
    key = _findings(run)["key"]
    assert key["verdict"] == "warning"
    assert "YANDEX_CLOUD_FOLDER_ID" in key["fix"]
    assert _KEY not in run.stdout + run.stderr


def test_a_broken_configuration_is_an_error_once_and_never_quoted(bare: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "voice.toml"
    path.write_text(f'[keys]\nyandex_api_key = "{_KEY}"\n[audoi]\n', encoding="utf-8")
    run = _doctor({**bare, "VOICE_CONFIG": str(path), "VOICE_BACKEND": "virtual"}, "--json")
    found = _findings(run)
    assert [subject for subject, finding in found.items() if finding["verdict"] == "error"] == ["configuration"]
    assert "audoi" in found["configuration"]["text"]
    assert _KEY not in run.stdout + run.stderr


@pytest.mark.skipif(os.name != "posix", reason="permissions are another matter there")
def test_a_configuration_that_others_can_read_is_a_warning(bare: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "voice.toml"
    path.write_text('[audio]\noutput = "no such speaker"\nbackend = "virtual"\n', encoding="utf-8")
    path.chmod(0o644)
    found = _findings(_doctor({**bare, "VOICE_CONFIG": str(path)}, "--json"))
    assert found["configuration"]["verdict"] == "warning"
    assert "chmod 600" in found["configuration"]["fix"]
    assert found["default output"]["verdict"] == "error"
    assert "no such speaker" in found["default output"]["text"]


@pytest.mark.skipif(sys.platform == "win32", reason="the fallback folder is named otherwise there")
def test_a_cache_that_cannot_be_written_is_a_warning(bare: dict[str, str], tmp_path: Path) -> None:
    taken, fallback = tmp_path / "a file", tmp_path / f"voice-{user_name()}"
    taken.touch()
    fallback.mkdir(mode=0o700)
    kernels = load_kernels().file
    assert kernels is not None
    shutil.copy(kernels, fallback)
    found = _findings(_doctor({**bare, "VOICE_CACHE_DIR": str(taken), "TMPDIR": str(tmp_path)}, "--json"))
    assert found["kernels"]["verdict"] == "warning"
    assert "VOICE_CACHE_DIR" in found["kernels"]["fix"]


@pytest.mark.parametrize("part", ["devices", "open", "close"])
def test_a_backend_that_ends_the_program_is_an_error_that_hides_nothing_else(
    bare: dict[str, str], tmp_path: Path, part: str
) -> None:
    points = {"leaving": "leaving:Leaving"}
    install_plugins(tmp_path, points, {"leaving": _LEAVING.format(part=part)}, group="voice.backends")
    found = _findings(_doctor({**bare, "PYTHONPATH": str(tmp_path), "VOICE_BACKEND": "leaving"}, "--json"))
    told = found["devices" if part == "devices" else "backend leaving"]
    assert told["verdict"] == "error"
    assert "leaving:Leaving fails: SystemExit: 0" in told["text"]
    assert found.keys() >= {"backend virtual", "clock", "local agent", "provider"}


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_a_sound_library_that_crashes_is_an_error_that_hides_nothing_else(bare: dict[str, str]) -> None:
    broken = {**bare, "ALSA_CONFIG_PATH": "/there/is/no/such/configuration"}
    start = subprocess.run([sys.executable, "-c", "import sounddevice"], env=broken, capture_output=True, check=False)
    if start.returncode >= 0:
        pytest.skip("this PortAudio bears it")
    found = _findings(_doctor(broken, "--json"))
    assert found["portaudio"]["verdict"] == "error"
    assert "crashes when it is started" in found["portaudio"]["text"]
    assert not [subject for subject in found if subject.startswith("backend")]
    assert {"clock", "local agent", "provider"} <= found.keys()


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
def test_at_a_narrow_terminal_lines_are_broken_between_words(bare: dict[str, str]) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    with Terminal([VOICE, "doctor"], bare, columns=60) as terminal:
        terminal.wait()
        lines = terminal.sent.splitlines()
    assert any(line.startswith(" " * 30) for line in lines)
    assert not [line for line in lines if len(line) > 60 and len(line.split()) > 1]
