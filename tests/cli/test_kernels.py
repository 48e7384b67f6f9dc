"""The kernels' cache: announced when it is filled, used afterwards, safe for two at once, and dispensable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.voice_process import VOICE


def start(cache: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    """Start a command with a cache of its own."""
    environment = {**os.environ, "VOICE_CACHE_DIR": str(cache), **more}
    pipe = subprocess.PIPE
    return subprocess.Popen([VOICE, *words], env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def warm_up(cache: Path, **more: str) -> subprocess.Popen[str]:
    return start(cache, "warmup", **more)


def test_two_processes_may_fill_the_cache_at_once_and_a_third_finds_it_warm(tmp_path: Path) -> None:
    both = [warm_up(tmp_path), start(tmp_path, "run", "--backend", "virtual", "--text", "--url", "ws://127.0.0.1:9")]
    shown = [process.communicate(timeout=120)[0] for process in both]
    assert both[0].returncode == 0
    assert all("Compiling the audio kernels" in text for text in shown)
    assert any("Compiled in" in text for text in shown)
    third = warm_up(tmp_path)
    text = third.communicate(timeout=60)[0]
    assert third.returncode == 0
    assert "Compiling" not in text
    assert "ready" in text
    assert len(list(tmp_path.glob("kernels-*"))) == 1, "a half-written file is left, or two"


@pytest.mark.parametrize("command", ["devices", "backends", "tools", "providers"])
def test_what_only_lists_compiles_nothing(tmp_path: Path, command: str) -> None:
    nowhere = {"VOICE_CACHE_DIR": str(tmp_path), "PULSE_SERVER": f"unix:{tmp_path}/none"}
    run = subprocess.run(
        [VOICE, command], env={**os.environ, **nowhere}, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert not list(tmp_path.rglob("kernels-*"))
    if command in ("tools", "providers"):  # the list, and nothing that is said about it
        assert run.stdout.splitlines()
        assert all(line[:2] in ("* ", "  ") for line in run.stdout.splitlines())


MISTAKES = {
    "run --provider opnai": "There is no provider",
    "run --provider openai": "needs a key",
    "run --url http://x": "not the address",
    "run --provider local --tools nosuch:x": "nosuch",
    "run --provider local --instructions @nosuch": "cannot be read",
    "run --provider local --budget 1": "No price",
    "run --provider local --record .": "a recording in",
    "run --provider local --resume --text": "No conversation is saved in",
    "run --provider local --turns none": "needs a terminal",
    "replay nosuch": "No conversation is saved",
    "devices pick": "needs a terminal",
    "devices test --backend nosuch": "no audio backend",
}
IN_ONE_PROCESS = """
import json, sys
from cli.app import app
from engine.dsp.compile import library
from engine.errors import VoiceError
told = []
for line in json.loads(sys.argv[1]):
    try: app(line.split(), standalone_mode=False)
    except VoiceError as error: told.append(error.message)
    assert library._loaded is None, line
print(json.dumps(told))
"""


def test_mistakes_that_need_no_sound_are_told_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "session.jsonl").touch()
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment["VOICE_CONFIG"] = ""
    command = [sys.executable, "-c", IN_ONE_PROCESS, json.dumps(list(MISTAKES))]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    for (line, expected), told in zip(MISTAKES.items(), json.loads(run.stdout), strict=True):
        assert expected in told, line


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    nowhere = {name: str(blocked / "cache") for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR")}
    process = warm_up(blocked / "cache", **nowhere)
    text = process.communicate(timeout=120)[0]
    assert process.returncode == 0, text
    assert "ready" in text
