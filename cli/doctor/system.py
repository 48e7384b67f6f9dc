"""`voice doctor` on the machine: Python, configuration, compiled kernels, scheduling and clock."""

from __future__ import annotations

import platform
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from cli.doctor.findings import Finding, error, ok, warning
from cli.platforms import PRIORITY_FIX, others_can_read, priority_limit
from engine.errors import VoiceError

_OLDEST = (3, 11)
_GOVERNORS = Path("/sys/devices/system/cpu")
_COARSE_US = 1000.0
"""A clock that steps wider cannot tell one block of sound from the next."""


def python() -> Iterator[Finding]:
    """The interpreter and the system."""
    from engine.dsp.compile.host import require_lock  # noqa: PLC0415

    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < _OLDEST:
        yield error("python", text, "Install Python 3.11 or later.")
        return
    require_lock()
    yield ok("python", text)


def configuration() -> Iterator[Finding]:
    """The file with keys and audio defaults: readable, sound, and private."""
    from engine.config import load_config  # noqa: PLC0415
    from engine.config_path import config_path  # noqa: PLC0415

    path = config_path()
    try:
        load_config()
    except VoiceError as failure:
        yield error("configuration", failure.message, failure.fix)
        return
    if not path.exists():
        yield ok("configuration", f"none at {path}: the defaults apply")
    elif others_can_read(path):
        yield warning("configuration", f"{path} can be read by other users", f"Run `chmod 600 {path}`.")
    else:
        yield ok("configuration", str(path))


def kernels() -> Iterator[Finding]:
    """Folder of the compiled kernels, which are compiled now if they are not there."""
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.dsp.compile.cache import wanted_folder  # noqa: PLC0415
    from engine.dsp.compile.library import library  # noqa: PLC0415

    took_s = prepare_kernels()
    wanted = wanted_folder()
    file = library().file
    if file is None or file.parent != wanted:
        text = f"{wanted} is not used; the kernels are {f'in {file.parent}' if file else 'compiled at every start'}"
        yield warning("kernels", text, "Make it a folder that only you can write to, or name one in VOICE_CACHE_DIR.")
    else:
        yield ok("kernels", f"loaded from {file} in {took_s:.1f} s")


def priority() -> Iterator[Finding]:
    """Whether a thread that asks as the audio threads do gets real-time priority."""
    from engine.audio.platforms import error_text  # noqa: PLC0415
    from engine.audio.port.priority import AudioThread, Priority, ask_here  # noqa: PLC0415

    answers: list[AudioThread] = []
    # It keeps what it gets, so it is one that ends at once.
    asking = threading.Thread(target=lambda: answers.append(ask_here()))
    asking.start()
    asking.join()
    (answer,) = answers
    match answer.priority:
        case Priority.REFUSED:
            reason = f"{error_text(answer.error)}{priority_limit()}"
            yield warning("priority", f"real-time priority is refused: {reason}", PRIORITY_FIX)
        case Priority.UNAVAILABLE:
            yield ok("priority", "the system gives audio threads their priority by itself")
        case Priority.HELD:
            yield ok("priority", "real-time priority is given by the host")
        case _:
            yield ok("priority", "real-time priority is granted")


def governor() -> Iterator[Finding]:
    """Report the rule by which the processor chooses its frequency."""
    paths = sorted(_GOVERNORS.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    found = sorted({path.read_text(encoding="utf-8").strip() for path in paths})
    if "powersave" in found:
        fix = "For steady latency run `cpupower frequency-set -g performance`."
        yield warning("governor", "powersave: the processor may be slow to wake", fix)
    else:
        yield ok("governor", ", ".join(found) or "the system does not report one")


def clock() -> Iterator[Finding]:
    """The smallest step of the clock that latencies are measured with, as it is and not as it is said to be."""
    times_ns = [time.monotonic_ns() for _ in range(10_000)]
    steps_ns = [after - before for before, after in pairwise(times_ns) if after > before]
    step_us = min(steps_ns, default=10**9) / 1000
    if step_us <= _COARSE_US:
        yield ok("clock", f"steps of {step_us:g} us")
    else:
        yield warning("clock", f"steps of {step_us:g} us", "Latencies cannot be shown more precisely.")
