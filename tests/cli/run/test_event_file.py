"""The file of `--events`: every session event comes back out of it, whatever a server's texts are made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.run.event_file import EventFile
from engine.realtime.session_events import AgentTextDelta
from tests.support.voice_process import VOICE

TEXTS = ["Hello", "Привет", "\U0001f600", "\ud83d", "\ude00", 'a "quote"\n']
"""An emoji, and the same cut in two between two deltas."""


def test_every_text_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventFile(str(path)) as events:
        for number, text in enumerate(TEXTS):
            events(AgentTextDelta(text), float(number))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == TEXTS
    assert "Привет" in lines[1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("target", ["/dev/full", "-"])
def test_a_full_disk_stops_the_events_and_not_the_conversation(target: str) -> None:
    command = [VOICE, "run", "--backend", "virtual", "--provider", "local", "--duration", "0.5", "--events", target]
    with Path("/dev/full" if target == "-" else os.devnull).open("wb") as stdout:
        run = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert "No space left on device" in run.stderr.splitlines()[-2]
    assert run.stderr.splitlines()[-1].startswith("  Make room")


def test_on_standard_output_too() -> None:
    program = (
        "from cli.run.event_file import EventFile\n"
        "from engine.realtime.session_events import AgentTextDelta\n"
        "with EventFile('-') as events:\n"
        "    events(AgentTextDelta('\\ud83d'), 0.0)\n"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, timeout=60)
    assert json.loads(run.stdout)["text"] == "\ud83d"
