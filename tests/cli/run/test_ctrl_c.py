"""Ctrl+C at any moment, from the program's first line on: a quiet and early end, and nothing left running."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

PROGRAM = """
import sys
from cli.main import main
print("up", file=sys.stderr, flush=True)
main()
"""
COMMAND = [sys.executable, "-c", PROGRAM, "run", "--backend", "virtual", "--provider", "local", "--text"]
PATIENCE_S = 15.0
"""For the slowest end beside other tests."""
MOST_MEDIAN_S = 3.0
"""Median of all ends, two of them side by side: 0.8 s on two cores at a load of twelve."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes as Linux shows them")


class Run:
    """A conversation of two questions, which goes on until it is interrupted."""

    def __init__(self, folder: Path) -> None:
        self.end_s = 0.0
        """Time from Ctrl+C to the end."""
        self.mark = f"VOICE_TEST_MARK={uuid.uuid4()}"
        name, _, value = self.mark.partition("=")
        environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), name: value}
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.write(b"what is seven times eight\ntell me a story\n")
        self.process.stdin.flush()
        assert self.process.stderr.readline() == b"up\n"

    def interrupt_after(self, wait_s: float, *, twice: bool) -> str:
        """Press Ctrl+C, and return what is wrong with the end, if anything is."""
        with self.process as process:
            try:
                process.wait(wait_s)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
            interrupted_s = time.monotonic()
            if twice:
                process.send_signal(signal.SIGINT)
            try:
                _, told = process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                return f"it does not end: {process.communicate()[1].decode()}"
            self.end_s = time.monotonic() - interrupted_s
        if process.returncode not in (0, 130):
            return f"exit code {process.returncode}: {told.decode()}"
        if b"Traceback" in told or b"ignored" in told:
            return told.decode()
        return self._left()

    def _left(self) -> str:
        """Processes of it that go on, after a while in which they may end."""
        deadline_s = time.monotonic() + PATIENCE_S
        while left := [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if self._is_ours(path)]:
            if time.monotonic() > deadline_s:
                return f"these go on: {left}"
        return ""

    def _is_ours(self, path: Path) -> bool:
        try:
            return self.mark.encode() in path.read_bytes()
        except OSError:
            return False


def seconds_until_it_talks(folder: Path) -> float:
    run = Run(folder)
    began_s = time.monotonic()
    with run.process as process:
        assert process.stdout is not None
        while b"56" not in process.stdout.readline():
            pass
        took_s = time.monotonic() - began_s
        process.kill()
    return took_s


@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.timeout(1200)
def test_ctrl_c_at_random_moments_ends_it_quietly(tmp_path: Path, count: int) -> None:
    whole_s = 1.2 * seconds_until_it_talks(tmp_path)
    dice = random.Random(16)
    moments = [(dice.uniform(0, whole_s), number % 4 == 0) for number in range(count)]

    def tried(moment: tuple[float, bool]) -> tuple[str, float]:
        wait_s, twice = moment
        run = Run(tmp_path)
        wrong = run.interrupt_after(wait_s, twice=twice)
        return wrong and f"{'twice ' if twice else ''}after {wait_s:.3f} of {whole_s:.3f} s: {wrong}", run.end_s

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(tried, moments))
    assert [wrong for wrong, _ in ends if wrong] == []
    assert statistics.median(end_s for _, end_s in ends) <= MOST_MEDIAN_S
