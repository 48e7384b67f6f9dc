"""Compiles the kernels once per machine and version, and says so: it is the one long wait a person meets."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.dsp.kernel_cache import cache_directory, is_warm, mark_warm


def prepare_kernels(announce: Callable[[str], None]) -> float:
    """Load every kernel, compiling those that are not cached; return the seconds it took."""
    started_s = time.monotonic()
    cold = not is_warm()
    if cold:
        announce(f"Compiling the audio kernels, once for this machine (kept in {cache_directory()}) ...")
    import engine.audio.link  # noqa: F401, PLC0415 - importing compiles

    took_s = time.monotonic() - started_s
    if cold:
        mark_warm()
        announce(f"Compiled in {took_s:.1f} s.")
    return took_s
