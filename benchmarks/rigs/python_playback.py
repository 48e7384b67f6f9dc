"""Runs the contrast in a process of its own: its load must not slow the measurement, nor its failure end it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

from benchmarks.rigs import python_callback as contrast
from benchmarks.signals.dropouts import Delivery
from engine.audio.device.matching import find_device
from engine.audio.device.registry import load_backend
from engine.audio.types import Direction
from engine.errors import StreamLostError
from engine.redaction import without_keys

_START_S = 60.0
"""An interpreter with three threads that never wait takes its time to import."""


def run_python(library: str, output: str | None, frames: int, load: str, seconds: float) -> Delivery:
    """Play for `seconds` through a callback written in Python.

    Args:
        library: One of `contrast.LIBRARIES`.
        output: Name of the speaker; None for the default one.
        frames: Per callback, at 48 kHz.
        load: One of `LOADS`, in the contrast's own interpreter.
        seconds: How long is measured.

    Raises:
        StreamLostError: the library does not work here, or there is no speaker.
        UnknownDeviceError: no speaker has that name, or several have.
    """
    arguments = [sys.executable, "-P", "-m", contrast.__name__, library, str(frames), str(seconds), load]
    arguments += [] if output is None else [str(_index_of(library, output))]
    try:
        run = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds + _START_S,
            env=without_keys(os.environ),
            check=False,
        )
        document = json.loads(run.stdout)
    except subprocess.TimeoutExpired:
        raise StreamLostError(f"The Python callback of {library} did not end.") from None
    except ValueError:
        raise StreamLostError(f"The Python callback of {library} ended with exit code {run.returncode}.") from None
    if "error" in document:
        raise StreamLostError(f"The Python callback of {library} cannot play: {document['error']}.")
    return Delivery(**document)


def _index_of(library: str, output: str) -> int:
    """Number of a speaker, by which the libraries themselves know it: our backends of their names list the same."""
    with contextlib.closing(load_backend(library)) as backend:
        return find_device(backend.devices(), output, Direction.OUTPUT).index
