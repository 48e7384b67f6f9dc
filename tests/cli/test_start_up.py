"""`voice --help` is instant: it loads nothing that only the commands need."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support.voice_process import VOICE

HEAVY = {"numpy", "numba", "aiohttp", "sounddevice", "pyaudio", "soxr", "soundfile", "pydantic", "llvmlite"}
HEAVY |= {"asyncio", "importlib.metadata", "rich"}
EMPTY = """
import typer
app = typer.Typer()
@app.command()
def run() -> None: ...
app()
"""
_PAIRS = 15


def _seconds(arguments: list[str]) -> float:
    began_s = time.perf_counter()
    subprocess.run(arguments, capture_output=True, check=True)
    return time.perf_counter() - began_s


def test_help_takes_at_most_1_3_times_as_long_as_an_empty_program(tmp_path: Path) -> None:
    empty = tmp_path / "empty.py"
    empty.write_text(EMPTY)
    pairs = [(_seconds([VOICE, "--help"]), _seconds([sys.executable, str(empty), "--help"])) for _ in range(_PAIRS)]
    # The least of each: whatever else the machine does only ever adds.
    ours_s, empty_s = (min(side) for side in zip(*pairs, strict=True))
    assert ours_s <= 1.3 * empty_s


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, cli.main; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert HEAVY.isdisjoint(run.stdout.split())


def test_every_command_has_help() -> None:
    for command in (
        "run",
        "devices",
        "devices test",
        "devices pick",
        "backends",
        "providers",
        "serve",
        "tools",
        "bench",
        "doctor",
        "warmup",
    ):
        run = subprocess.run([VOICE, *command.split(), "--help"], capture_output=True, text=True, check=False)
        assert run.returncode == 0
        assert "Usage" in run.stdout
