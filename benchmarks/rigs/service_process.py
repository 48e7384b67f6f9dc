"""Starts the scripted service as a process, and ends it for what it has to say about when it sent what."""

from __future__ import annotations

import asyncio
import json

from benchmarks.rigs import scripted_service
from engine.local.process import LocalServer

_END_S = 5.0


class ScriptedService(LocalServer):
    """The server process of one measurement, as an asynchronous context."""

    def __init__(self, quiet_s: float, answer_s: float = 0.0) -> None:
        """Prepare a service: endless short turns after `quiet_s`, or one with an answer of `answer_s`."""
        super().__init__(scripted_service.__name__, str(quiet_s), str(answer_s))

    async def finish(self) -> dict[str, list[int]]:
        """End the process in order; return when it sent what, in ns on the clock of `time.monotonic_ns`."""
        if self._process is None:
            return {}
        text, _ = await asyncio.wait_for(self._process.communicate(), _END_S)
        return json.loads(text)["sent_ns"]
