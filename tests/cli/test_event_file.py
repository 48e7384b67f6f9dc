"""The file of `--events`: every notice comes back out of it, whatever a server's texts are made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from cli.event_file import EventFile
from engine.realtime.notices import AgentTextDelta

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


def test_on_standard_output_too() -> None:
    program = (
        "from cli.event_file import EventFile\n"
        "from engine.realtime.notices import AgentTextDelta\n"
        "with EventFile('-') as events:\n"
        "    events(AgentTextDelta('\\ud83d'), 0.0)\n"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, timeout=60)
    assert json.loads(run.stdout)["text"] == "\ud83d"
