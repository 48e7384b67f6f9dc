"""Runs the contrast in a process of its own: its load must not slow the measurement, nor its failure end it."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks import contrast
from benchmarks.delivery import Delivery
from engine.errors import StreamLostError

_START_S = 60.0
"""An interpreter with three threads that never wait takes its time to import."""


def run_python(library: str, frames: int, load: str, seconds: float) -> Delivery:
    """Play for `seconds` on the default speaker through a callback written in Python.

    Args:
        library: One of `contrast.LIBRARIES`.
        frames: Per callback, at 48 kHz.
        load: One of `LOADS`, in the contrast's own interpreter.
        seconds: How long is measured.

    Raises:
        StreamLostError: the library does not work here, or there is no speaker.
    """
    arguments = [sys.executable, "-P", "-m", contrast.__name__, library, str(frames), str(seconds), load]
    try:
        run = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds + _START_S, check=False
        )
        document = json.loads(run.stdout)
    except subprocess.TimeoutExpired:
        raise StreamLostError(f"The Python callback of {library} did not end.") from None
    except ValueError:
        raise StreamLostError(f"The Python callback of {library} ended with exit code {run.returncode}.") from None
    if "error" in document:
        raise StreamLostError(f"The Python callback of {library} cannot play: {document['error']}.")
    return Delivery(**document)
