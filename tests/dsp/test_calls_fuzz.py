"""No call of a function that hands memory to a kernel, however wrong, ends the interpreter."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def run(*arguments: str) -> str:
    """What a Python process prints; a crash is told with where it happened."""
    process = subprocess.run(
        [sys.executable, "-X", "faulthandler", *arguments], capture_output=True, text=True, check=False, timeout=100
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_wrong_calls_raise_and_write_nowhere_else(seed: int) -> None:
    assert "functions" in run("-m", "tests.dsp.fuzz_calls", str(seed), "20000")


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


def test_what_a_gone_resampler_leaves_behind_is_its_own() -> None:
    """A method keeps its object, and the object its memory."""
    program = textwrap.dedent(
        """
        import gc, numpy as np
        from engine.dsp.resample import make_resampler
        from engine.audio.port.ring import Ring
        x = np.ones(480, np.float32)
        resampler = make_resampler(24000, 48000)
        good = [resampler.process(x) for _ in range(3)][-1]
        for _ in range(60):
            process, put = make_resampler(24000, 48000).process, Ring(4800).put
            gc.collect()
            junk = [np.full(60000, 7.0, np.float32) for _ in range(8)]
            assert np.array_equal([process(x) for _ in range(3)][-1], good) and put(x) == 480
        print("whole")
        """
    )
    assert "whole" in run("-c", program)
