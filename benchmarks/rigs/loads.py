"""Loads that keep a machine busy beside the sound: threads of Python, calls that hold the interpreter, processes."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

from engine.redaction import without_keys

_SPINNING_THREADS = 3
_CALL_PAUSE_S = 0.02
_SORTED_NUMBERS = 400_000
_DUMPED_OBJECTS = 60_000
_SPIN = "while True: pass"


@contextlib.contextmanager
def spinning() -> Iterator[None]:
    """Three threads of pure Python that never wait: each hands the interpreter on only when it must, after 5 ms."""

    def spin(over: threading.Event) -> None:
        number = 0
        while not over.is_set():
            number += 1

    with _threads(spin, _SPINNING_THREADS):
        yield


@contextlib.contextmanager
def long_calls() -> Iterator[None]:
    """A thread in calls of C that hold the interpreter for 50 to 150 ms each, as sorting and JSON do in any program."""
    dice = random.Random(1)
    numbers = [dice.random() for _ in range(_SORTED_NUMBERS)]
    objects = [{"a": number, "b": [number, str(number)]} for number in range(_DUMPED_OBJECTS)]

    def call(over: threading.Event) -> None:
        while not over.is_set():
            sorted(numbers)
            over.wait(_CALL_PAUSE_S)
            json.dumps(objects)
            over.wait(_CALL_PAUSE_S)

    with _threads(call, 1):
        yield


def keep_busy() -> None:
    """Keep Python busy until the process ends; a tool."""
    with spinning(), long_calls():
        threading.Event().wait()


@contextlib.contextmanager
def all_cores() -> Iterator[None]:
    """A process on each core that computes without end; they are ended on every way out."""
    with contextlib.ExitStack() as processes:
        for _ in range(os.cpu_count() or 1):
            command = [sys.executable, "-P", "-S", "-c", _SPIN]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=without_keys(os.environ))
            processes.callback(process.wait)
            processes.callback(process.kill)
        yield


LOADS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "idle": contextlib.nullcontext,
    "spinning": spinning,
    "c_calls": long_calls,
    "all_cores": all_cores,
}
"""By the names they have in the cases."""


@contextlib.contextmanager
def _threads(work: Callable[[threading.Event], None], count: int) -> Iterator[None]:
    over = threading.Event()
    threads = [threading.Thread(target=work, args=(over,), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
