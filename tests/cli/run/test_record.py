"""`voice run --record` and `voice replay` as a person uses them, also when the process is killed in the middle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.cli.run.test_virtual import environment, question
from tests.support.hearing import likeness
from tests.support.voice_process import VOICE, VoiceProcess

__all__ = ["environment"]

SPEAKER_HZ = 48000


def replayed(
    folder: Path, environment: dict[str, str], *options: str, beside: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `voice replay`."""
    command = [VOICE, "replay", str(folder), *options]
    return subprocess.run(command, env=environment, cwd=beside, capture_output=True, text=True, check=False, timeout=60)


def sound_of(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A WAV file's samples."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == 24000
    return np.asarray(samples)


def test_a_recorded_session_holds_what_was_heard_and_replays(tmp_path: Path, environment: dict[str, str]) -> None:
    spoken = question(tmp_path / "in.wav", "what is the weather in Moscow")
    files = ("--input-file", str(spoken), "--output-file", str(tmp_path / "out.wav"))
    options = ("--backend", "virtual", "--provider", "local", "--record", str(tmp_path / "talk"))
    with VoiceProcess(*options, *files, environment=environment) as voice:
        assert voice.wait() == 0, voice.shown
    out, rate_hz = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate_hz == SPEAKER_HZ
    heard = sound_of(tmp_path / "talk" / "heard.wav")
    assert likeness(heard[:, 1], out[::2], 24000) >= 0.98
    user = sound_of(tmp_path / "talk" / "user.wav")
    assert likeness(user, heard[:, 0], 24000) >= 0.99
    run = replayed(tmp_path / "talk", environment)
    assert run.returncode == 0, run.stderr
    assert "inputs led to the same" in run.stdout
    assert len(run.stdout.splitlines()) == 1
    assert "RunTool" in replayed(tmp_path / "talk", environment, "--verbose").stdout
    shutil.copytree(tmp_path / "talk", tmp_path / "data" / "voice" / "conversations" / "20261201-101500")
    (tmp_path / "last").write_text("no recording")
    for name in ("20261201", "last"):
        found = replayed(Path(name), environment, beside=tmp_path)
        assert found.stdout == run.stdout, "as `voice sessions show` finds it"
    run = replayed(tmp_path / "talk", environment, "--json")
    assert run.returncode == 0
    steps = [json.loads(line) for line in run.stdout.splitlines()]
    assert all(step["same"] for step in steps)


def test_a_difference_ends_the_replay_with_an_error(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = Path(__file__).parents[2] / "data" / "recordings"
    source = sorted(folder.glob("*.jsonl"))[0]
    lines = source.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines) if '"$": "Show"' in line)
    lines[number] = lines[number].replace('"$": "Show"', '"$": "Hide"', 1)
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = replayed(changed, environment)
    assert run.returncode == 1
    assert f"Line {number + 1} differs from the recording" in run.stderr
    assert "Hide" in run.stderr
    assert replayed(tmp_path / "nothing", environment).returncode == 2


def test_everything_is_readable_after_kill_9(tmp_path: Path, environment: dict[str, str]) -> None:
    if sys.platform == "win32":
        pytest.skip("kill -9 is of Unix")
    spoken = question(tmp_path / "in.wav", "tell me a story")
    files = ("--input-file", str(spoken), "--output-file", str(tmp_path / "out.wav"))
    options = ("--backend", "virtual", "--provider", "local", "--record", str(tmp_path / "talk"))
    with VoiceProcess(*options, *files, environment=environment) as voice:
        voice.wait_for("audio.start")
        voice.wait_for("text.agent.delta", 20)
        os.kill(voice.pid, signal.SIGKILL)
        assert voice.wait() == -signal.SIGKILL
    folder = tmp_path / "talk"
    text = (folder / "session.jsonl").read_text(encoding="utf-8")
    whole = text[: text.rfind("\n")].splitlines()
    assert len(whole) > 100
    received = [json.loads(line).get("received", {}) for line in whole]
    answered_bytes = sum(event["delta"]["bytes"] for event in received if event.get("type", "").endswith("audio.delta"))
    agent = sound_of(folder / "agent.wav")
    assert agent.size * 2 >= answered_bytes > 0
    assert np.max(np.abs(agent)) > 0.1
    assert sound_of(folder / "user.wav").size > 24000
    heard = sound_of(folder / "heard.wav")
    assert heard.shape[0] > 24000
    assert np.max(np.abs(heard[:, 0])) > 0.1
    assert replayed(folder, environment).returncode == 0
