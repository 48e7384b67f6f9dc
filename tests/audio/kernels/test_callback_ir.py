"""The machine code of the audio thread: no Python symbol anywhere below the callback, and the right atomics.

Those of x86-64, and of arm64, whose memory is weakly ordered: what compiles the kernels once serves all of these.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audio.kernels.other_machines import compiled_for

_DEFINITION = re.compile(r'^define[^@\n]*@("[^"]+"|[\w.$]+)\([^\n]*\{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
_NAME = re.compile(r'@("[^"]+"|[\w.$]+)')
_PYTHON = re.compile(r"Py[A-Z_]|numba_|NRT_|malloc|calloc|free|pthread_(mutex|cond|once|create|join)")
_ALLOWED_OUTSIDE = re.compile(r"llvm\.|clock_gettime$|write$|sqrt$|memcpy$|memset$")
_IN_THE_FIRST_BLOCK = re.compile(
    r"pthread_self$|pthread_setschedparam$|sched_getscheduler$|gettid$|pthread_set_qos_class_self_np$"
    r"|AvSetMmThreadCharacteristicsW$|GetLastError$"
)
"""Asking for real-time priority; that it happens once is for tests/audio/port/test_priority.py."""


def reached_from(entry: str, module: str) -> tuple[dict[str, str], set[str]]:
    """Bodies of the functions that a C function reaches, and the names outside the module that they use."""
    bodies = {name.strip('"'): body for name, body in _DEFINITION.findall(module)}
    todo = [name for name in bodies if name.startswith(entry)]
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


@pytest.mark.parametrize("stage", ["linked", "optimised"])
@pytest.mark.parametrize("entry", ["stream_callback", "finished_callback"])
def test_no_python_symbol_is_reached(kernel_ir: dict[str, str], entry: str, stage: str) -> None:
    reached, outside = reached_from(entry, kernel_ir[stage])
    assert reached
    assert not [name for name in outside if _PYTHON.search(name)]
    beyond = [name for name in outside if not _ALLOWED_OUTSIDE.match(name)]
    assert all(_IN_THE_FIRST_BLOCK.match(name) and entry == "stream_callback" for name in beyond)
    assert bool(beyond) == (entry == "stream_callback")


def test_the_object_file_needs_the_c_library_and_nothing_else(kernel_ir: dict[str, str]) -> None:
    declared = re.findall(r'^declare[^@\n]*@("[^"]+"|[\w.$]+)\(', kernel_ir["optimised"], re.MULTILINE)
    assert declared
    assert all(_ALLOWED_OUTSIDE.match(name) or _IN_THE_FIRST_BLOCK.match(name) for name in declared), declared


def test_the_callback_of_the_benchmarks_reaches_no_python_symbol_either() -> None:
    """It is compiled by `c_callback`, as those of third-party backends are."""
    program = "from benchmarks.signals import block_log; print(block_log._logged_callback.inspect_llvm())"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    reached, outside = reached_from("cfunc.", run.stdout)
    assert reached
    assert not [name for name in outside if _PYTHON.search(name)]
    beyond = [name for name in outside if not _ALLOWED_OUTSIDE.match(name)]
    assert beyond
    assert all(_IN_THE_FIRST_BLOCK.match(name) for name in beyond)


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
    _, outside = reached_from("cfunc.", run.stdout)
    assert [name for name in outside if _PYTHON.search(name)]


def test_positions_are_published_with_release_and_read_with_acquire(kernel_ir: dict[str, str]) -> None:
    reached, _ = reached_from("stream_callback", kernel_ir["optimised"])
    text = "\n".join(reached.values())
    # Read: the capture ring's tail, the playback ring's head, DROP_BEFORE, EXPECTING and both wake-up positions.
    assert len(re.findall(r"load atomic i64, .* acquire, align 8", text)) >= 6
    # Written: the capture ring's head, the playback ring's tail, DROPPED_BEFORE and CUTS.
    assert len(re.findall(r"store atomic i64 .* release, align 8", text)) >= 4
    assert "seq_cst" not in text


def assembly(module: str, triple: str, cpu: str) -> str:
    """Compile LLVM text for another machine."""
    machine, parsed = compiled_for(module, triple, cpu)
    return str(machine.emit_assembly(parsed))


def test_arm64_acquires_and_releases_in_single_instructions(kernel_ir: dict[str, str]) -> None:
    text = assembly(kernel_ir["optimised"], "aarch64-unknown-linux-gnu", "generic")
    # Each acquire and each release of the module is one instruction, and there is no other barrier.
    acquires = len(re.findall(r"load atomic i64, [^\n]* acquire", kernel_ir["optimised"]))
    releases = len(re.findall(r"store atomic i64 [^\n]* release", kernel_ir["optimised"]))
    assert min(acquires, releases) >= 6
    assert len(re.findall(r"\bld(?:ar|apr)\b", text)) >= acquires
    assert len(re.findall(r"\bstlr\b", text)) >= releases
    assert "__atomic_" not in text
    assert not re.search(r"\bdmb\b", text)


def test_x86_64_needs_plain_moves_only(kernel_ir: dict[str, str]) -> None:
    text = assembly(kernel_ir["optimised"], "x86_64-unknown-linux-gnu", "x86-64")
    assert "__atomic_" not in text
    assert not re.search(r"\b(lock|mfence|xchg[qlb]?)\b", text)
