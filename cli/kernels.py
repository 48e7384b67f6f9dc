"""Compiles the kernels once per machine and version, and says so: it is the one long wait a person meets."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from engine.dsp.kernel_cache import cache_directory, is_warm, mark_warm


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)


def prepare_kernels(announce: Callable[[str], None] = _to_stderr) -> float:
    """Load every kernel, compiling those that are not cached; return the seconds it took.

    To be called before anything is imported that brings kernels: they would be compiled without a word.
    """
    started_s = time.monotonic()
    cold = not is_warm()
    if cold:
        announce(f"Compiling the audio kernels, once for this machine (kept in {cache_directory()}) ...")
        with _compiling_aside("engine.dsp.resample"):
            import engine.audio.port  # noqa: PLC0415 - importing compiles
    import engine.audio.link  # noqa: F401, PLC0415

    took_s = time.monotonic() - started_s
    if cold:
        mark_warm()
        announce(f"Compiled in {took_s:.1f} s.")
    return took_s


@contextlib.contextmanager
def _compiling_aside(modules: str) -> Iterator[None]:
    """Compile some modules in a process of its own, into the same cache: 6 s on two cores where one takes 10.

    numba's compiler is Python, and uses one core. If the process fails, what it did not compile is compiled here.
    """
    aside = subprocess.Popen(
        [sys.executable, "-c", f"import {modules}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
        aside.wait()
    finally:
        aside.kill()
        aside.wait()
