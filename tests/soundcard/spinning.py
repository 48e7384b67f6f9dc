"""A tools module that keeps the interpreter busy from SIGUSR1 on: two threads that never let go of it by themselves."""

from __future__ import annotations

import signal
import threading


def _spin() -> None:
    number = 0
    while True:
        number += 1


def _start(*_: object) -> None:
    for _unused in range(2):
        threading.Thread(target=_spin, daemon=True).start()


signal.signal(signal.SIGUSR1, _start)
TOOLS: list[object] = []
