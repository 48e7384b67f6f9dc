"""A tools module that keeps its interpreter busy: threads that never let go of it, and long calls of C."""

from __future__ import annotations

import json
import threading


def _spin() -> None:
    number = 0
    while True:
        number += 1


def _call() -> None:
    numbers = [{"number": number, "text": str(number)} for number in range(60_000)]
    while True:
        json.dumps(numbers)


for _work in (_spin, _spin, _spin, _call):
    threading.Thread(target=_work, daemon=True).start()
TOOLS: list[object] = []
