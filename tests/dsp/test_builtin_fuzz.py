"""No call of a compiled function, however wrong, ends the interpreter: tried in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from engine.dsp import python_objects


def run(*arguments: str) -> str:
    """What a Python process prints; a crash is told with where it happened."""
    process = subprocess.run(
        [sys.executable, "-X", "faulthandler", *arguments], capture_output=True, text=True, check=False, timeout=100
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.parametrize("seed", [1, 2])
def test_wrong_calls_raise_write_nowhere_else_and_keep_no_reference(seed: int) -> None:
    assert "functions" in run("-m", "tests.dsp.fuzz_builtins", str(seed), "20000")


@pytest.mark.parametrize("first", [True, False])
def test_an_interpreter_beside_the_first_is_refused_or_served(first: bool) -> None:
    """Symbols have one address in a process: numpy, too, is for one interpreter only."""
    convert = "import numpy, engine.dsp.pcm16 as p; print(p.float32_to_pcm16(numpy.ones(480, numpy.float32))[:2])"
    program = textwrap.dedent(
        f"""
        try:
            import _interpreters as interpreters
            kinds = [("isolated",), ("legacy",)]
        except ImportError:
            import _xxsubinterpreters as interpreters
            kinds = [(), ()]
        convert = {convert!r}
        if {first}:
            exec(convert)
        for kind in kinds:
            try:
                print(interpreters.run_string(interpreters.create(*kind), convert))
            except interpreters.RunFailedError as error:
                print(error)
        print("alive")
        """
    )
    assert "alive" in run("-c", program)


@pytest.mark.parametrize("word", ["_OBJECT_TYPE", "_DATA", "_DIMENSIONS", "_DTYPE", "_FLAGS", "_KIND"])
def test_arrays_that_are_laid_out_in_another_way_are_refused(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    python_objects._require_layout()
    monkeypatch.setattr(python_objects, word, getattr(python_objects, word) - 1)
    with pytest.raises(ImportError, match="laid out in another way"):
        python_objects._require_layout()
