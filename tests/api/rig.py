"""Sessions through the public door in virtual time: a scripted server, and devices of the test's own."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import numpy as np

import engine as voice
from engine.realtime.testing import Answer, Close, Emit, Expect, ServerDouble, Step, VirtualDevices, run_virtual

_Result = TypeVar("_Result")
TONE = (8000 * np.sin(np.arange(2 * 24000) / 5)).astype("<i2").tobytes()
"""An answer of two seconds."""
BEGUN: list[Step] = [Expect("session.update"), Emit("session.created", session={"id": "sess_1"})]
ANSWER = Answer("resp_1", "item_1", pcm16=TONE, text="Seven times eight is 56.")
LEAVING = Close(1008, "enough")
"""Never retried: the session ends with an error."""


def run(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run in virtual time, a minute at most."""
    return run_virtual(main, at_most_s=60)


def session_with(server: ServerDouble, devices: Any = None, **options: Any) -> voice.Session:
    """A session of a server of one's own, without the configuration of the machine."""
    return voice.Session(
        url="ws://double/",
        backend=devices or VirtualDevices(),
        connect=server.connect,
        config=voice.Config(),
        **options,
    )


def names_of(events: list[voice.SessionEvent]) -> list[str]:
    """The kinds of some events."""
    return [type(event).__name__ for event in events]


class Mortal(VirtualDevices):
    """Devices that a test can pull out."""

    def open(self, port: Any, request: Any) -> Any:
        """Keep what is opened."""
        self.request, self.stream = request, super().open(port, request)
        return self.stream
