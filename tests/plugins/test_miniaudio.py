"""A backend of a distribution of its own: installed by pip, listed, examined, and talked through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hearing import likeness
from tests.support.relay import Relay
from tests.support.soundcard import RATE_HZ, SoundCard
from tests.support.speech import speech
from tests.support.voice_process import VOICE, VoiceProcess

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("voice-miniaudio")
WIRE_HZ = 24000
DEADLINE_S = 150

BROKEN = {
    "broken": "import a_library_that_nobody_has",
    "leaving": "raise SystemExit('not today')",
    "future": "class Backend:\n    name = 'future'\n    protocol_version = (2, 0)",
    "falling": (
        "class Backend:\n    name = 'falling'\n    protocol_version = (1, 0)\n"
        "    def devices(self):\n        raise ZeroDivisionError('by itself')\n"
        "    def open(self, port, request):\n        raise ZeroDivisionError('by itself')\n"
        "    def close(self):\n        pass"
    ),
}
REASONS = {
    "broken": "ModuleNotFoundError: No module named 'a_library_that_nobody_has'",
    "leaving": "SystemExit: not today",
    "future": "version 2.0 of the backend protocol; this is 1.0",
    "falling": "ZeroDivisionError: by itself",
}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the distribution installed in it; nothing is fetched."""
    folder = tmp_path_factory.mktemp("plugin")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(SOURCE)], check=True)
    return folder


def environment(folder: Path, card: SoundCard | None = None) -> dict[str, str]:
    """What a process needs to see the plugins in a folder, and the card."""
    return {**(card.environment if card else os.environ), "PYTHONPATH": str(folder)}


def voice(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run([VOICE, *arguments], env=env, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


@pytest.mark.soundcard
def test_it_is_listed_with_the_package_that_brings_it(soundcard: SoundCard, plugin: Path) -> None:
    run = voice(environment(plugin, soundcard), "backends", "--json")
    (row,) = [row for row in json.loads(run.stdout) if row["name"] == "miniaudio"]
    assert row == {"name": "miniaudio", "package": "voice-miniaudio", "works": True, "note": "4 devices", "fix": ""}
    devices = json.loads(voice(environment(plugin, soundcard), "devices", "--backend", "miniaudio", "--json").stdout)
    (default,) = [device for device in devices if device["is_default_output"]]
    assert default["name"].endswith("(vspk)")
    assert default["host_api"] == "PulseAudio"
    assert default["native_rate_hz"] == RATE_HZ
    assert run.stderr == ""


@pytest.mark.soundcard
def test_it_passes_the_conformance_suite(soundcard: SoundCard, plugin: Path) -> None:
    env = environment(plugin, soundcard)
    suite = str(SOURCE / "test_conformance.py")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", suite],
        cwd=ROOT,
        env={**env, "PYTHONPATH": f"{plugin}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "13 passed" in run.stdout


@pytest.mark.soundcard
def test_a_conversation_is_held_through_it(soundcard: SoundCard, plugin: Path) -> None:
    with (
        Relay() as relay,
        soundcard.record_speaker() as recording,
        VoiceProcess(
            *("--backend", "miniaudio", "--provider", "local", "--url", relay.url),
            *("--input", "vcable.monitor", "--output", "vspk"),
            environment=environment(plugin, soundcard),
        ) as process,
    ):
        process.wait_for("session")
        said = speech("what is seven times eight", WIRE_HZ, "en-us+f3")
        assert soundcard.play_to_microphone(said, WIRE_HZ).wait(60) == 0
        answer = process.wait_for("text.agent")
        process.wait_for("response.end")
        reference = relay.audio(answer["item_id"], RATE_HZ)
        recording.wait_for(recording.seconds + reference.size / RATE_HZ + 0.5)
        assert process.interrupt() == 0
        heard = recording.samples()
    assert "Backend miniaudio: chosen by name." in process.shown
    assert "Degraded" not in process.shown
    assert process.of("transcript.user")[0]["text"].lower() == "what is seven times eight"
    assert "fifty six" in answer["text"].lower().replace("-", " ") or "56" in answer["text"]
    assert likeness(heard, reference, RATE_HZ) >= 0.95


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with distributions that fail, each in its own way, as an installer leaves them."""
    for name, source in BROKEN.items():
        (tmp_path / f"voice_{name}.py").write_text(source)
        metadata = tmp_path / f"voice_{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: voice-{name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[voice.backends]\n{name} = voice_{name}:Backend\n")
    return tmp_path


def test_plugins_that_fail_are_named_with_reason_and_fix_and_disturb_nobody(broken: Path) -> None:
    env = environment(broken)
    run = voice(env, "backends", "--json")
    rows = {row["name"]: row for row in json.loads(run.stdout)}
    assert (run.returncode, run.stderr) == (0, "")
    for name, reason in REASONS.items():
        assert not rows[name]["works"]
        assert reason in rows[name]["note"]
        assert rows[name]["package"] == f"voice-{name}"
        assert rows[name]["fix"]
    assert rows["virtual"]["works"]
    shown = voice(env, "backends").stdout
    assert all(reason in shown for reason in REASONS.values())


@pytest.mark.parametrize("name", BROKEN)
def test_running_one_that_fails_is_one_sentence_with_the_fix(broken: Path, name: str) -> None:
    run = voice(environment(broken), "run", "--backend", name, "--provider", "local", "--duration", "1")
    assert run.returncode == 3
    assert REASONS[name] in run.stderr
    assert "Traceback" not in run.stderr
    assert "--backend" in run.stderr
