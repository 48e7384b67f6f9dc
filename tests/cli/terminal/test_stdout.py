"""Standard output that takes nothing: one sentence and a code for a full disk, silence for a reader who left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.voice_process import VOICE

FULL = Path("/dev/full")
COMMANDS = [("--help",), ("backends",), ("devices", "--backend", "virtual", "--json"), ("tools",), ("doctor", "--json")]
PRINTED = [f"import cli.app\ncli.app.app = lambda: print('x' * {count})\n" for count in (10, 100_000)]
"""Short enough to wait in the buffer until the end, and too long for it."""
MAIN = "from cli.main import main\nmain()"


def run_into(stdout: int, command: Sequence[str]) -> tuple[int, str]:
    """Run a command with a standard output of the test's; return the exit code and what it says on the other one."""
    run = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    return run.returncode, "\n".join(line for line in run.stderr.splitlines() if "ompil" not in line)


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "command",
    [*([VOICE, *arguments] for arguments in COMMANDS), *([sys.executable, "-c", text + MAIN] for text in PRINTED)],
    ids=lambda command: command[-1].replace("\n", " ")[:60],
)
def test_a_full_disk_is_told_in_a_sentence(command: list[str]) -> None:
    with FULL.open("wb") as full:
        code, said = run_into(full.fileno(), command)
    assert code == 2
    assert said == (
        "voice: The output cannot be written: No space left on device.\n  Make room for it, or send it elsewhere."
    )


@pytest.mark.skipif(os.name != "posix", reason="pipes end otherwise there")
@pytest.mark.parametrize("text", PRINTED, ids=["buffered", "long"])
def test_a_reader_who_left_is_told_nothing(text: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run_into(writing, [sys.executable, "-c", text + MAIN]) == (1, "")
    finally:
        os.close(writing)


@pytest.mark.skipif(os.name != "posix", reason="a descriptor is closed by the shell")
def test_without_a_standard_output_commands_work() -> None:
    run = subprocess.run(
        ["sh", "-c", '"$0" backends >&-', VOICE], stderr=subprocess.PIPE, text=True, check=False, timeout=120
    )
    assert (run.returncode, run.stderr) == (0, "")
