"""The machine code of the audio thread: no Python symbol anywhere below the callback, and the right atomics."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_DUMP = """
import json
from benchmarks import block_log
from engine.audio import callback
print(json.dumps({
    "callback": callback.stream_callback.inspect_llvm(),
    "finished": callback.finished_callback.inspect_llvm(),
    "logged": block_log._logged_callback.inspect_llvm(),
}))
"""
_DEFINITION = re.compile(r'^define[^@\n]*@("[^"]+"|[\w.$]+)\([^\n]*\{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
_NAME = re.compile(r'@("[^"]+"|[\w.$]+)')
_PYTHON = re.compile(r"Py[A-Z_]|numba_|NRT_|malloc|calloc|free|pthread_(mutex|cond|once|create|join)")
_ALLOWED_OUTSIDE = re.compile(r"llvm\.|clock_gettime$|write$|sqrt$|memcpy$|memset$")
_IN_THE_FIRST_BLOCK = re.compile(
    r"pthread_self$|pthread_(get|set)schedparam$|syscall$|pthread_set_qos_class_self_np$"
    r"|AvSetMmThreadCharacteristicsW$|GetLastError$"
)
"""Asking for real-time priority; that it happens once is for tests/audio/test_priority.py."""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """LLVM text of all callbacks, compiled afresh: numba shows none for code from its cache."""
    environment = {**os.environ, "VOICE_CACHE_DIR": str(tmp_path_factory.mktemp("kernels"))}
    run = subprocess.run([sys.executable, "-c", _DUMP], env=environment, capture_output=True, text=True, check=True)
    modules: dict[str, str] = json.loads(run.stdout)
    return modules


def reached_from_callback(module: str) -> tuple[dict[str, str], set[str]]:
    """Bodies of the functions that the C callback reaches, and the names outside the module that they use."""
    bodies = {name.strip('"'): body for name, body in _DEFINITION.findall(module)}
    todo = [name for name in bodies if name.startswith("cfunc.")]
    assert len(todo) == 1
    reached: dict[str, str] = {}
    outside: set[str] = set()
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached[name] = bodies[name]
        used = {other.strip('"') for other in _NAME.findall(bodies[name])}
        todo += used & bodies.keys()
        outside |= used - bodies.keys()
    return reached, outside


@pytest.mark.parametrize("which", ["callback", "finished", "logged"])
def test_no_python_symbol_is_reached(modules: dict[str, str], which: str) -> None:
    reached, outside = reached_from_callback(modules[which])
    assert reached
    assert not [name for name in outside if _PYTHON.search(name)]
    beyond = [name for name in outside if not _ALLOWED_OUTSIDE.match(name)]
    assert all(_IN_THE_FIRST_BLOCK.match(name) and which != "finished" for name in beyond)
    assert bool(beyond) == (which != "finished")


def test_a_callback_that_can_raise_would_be_caught(tmp_path: Path) -> None:
    """The check itself: a callback with an exception reaches for the GIL, and is seen to."""
    source = tmp_path / "raising.py"
    source.write_text(
        "from numba import cfunc\n"
        "@cfunc('int64(int64)')\n"
        "def raising(x):\n"
        "    if x > 0:\n"
        "        raise ValueError('no')\n"
        "    return x\n"
        "print(raising.inspect_llvm())\n"
    )
    run = subprocess.run([sys.executable, str(source)], capture_output=True, text=True, check=True)
    _, outside = reached_from_callback(run.stdout)
    assert [name for name in outside if _PYTHON.search(name)]


def test_positions_are_published_with_release_and_read_with_acquire(modules: dict[str, str]) -> None:
    reached, _ = reached_from_callback(modules["callback"])
    text = "\n".join(reached.values())
    # Read: the capture ring's tail, the playback ring's head, DROP_BEFORE, EXPECTING and both wake-up positions.
    assert len(re.findall(r"load atomic i64, .* acquire, align 8", text)) >= 6
    # Written: the capture ring's head, the playback ring's tail, DROPPED_BEFORE and CUTS.
    assert len(re.findall(r"store atomic i64 .* release, align 8", text)) >= 4
    assert "seq_cst" not in text
