"""The program of a process that lists a backend's devices anew: PortAudio freezes its list when it is started.

`python -m engine.audio.recovery.rescan_main MODULE:CLASS SECONDS` answers each line of its input with a line of JSON,
and ends with its input. A rescan that takes longer than the given seconds ends it too, where the system has alarms: it
may hang in a library when nobody is left to end it. It imports nothing heavy: it lives beside a conversation.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module

from engine.audio.device.exclusive import allow_restarts
from engine.audio.device.native_stderr import silence_native_stderr
from engine.audio.device.protocol import Backend, Refreshes
from engine.audio.types import Device
from engine.errors import Advice, VoiceError


def encode(devices: Sequence[Device]) -> str:
    """One line of JSON."""
    return json.dumps({"devices": [asdict(device) for device in devices]})


def decode(answer: str) -> list[Device]:
    """Read a line of the program.

    Raises:
        VoiceError: it failed, and says why; or it wrote something else.
    """
    try:
        read = json.loads(answer)
        if "trouble" in read:
            raise VoiceError(f"The devices cannot be listed: {read['trouble']}", fix=Advice.EXAMINE)
        return [Device(**entry) for entry in read["devices"]]
    except (KeyError, TypeError, ValueError) as error:
        raise VoiceError(
            "The devices cannot be listed: the process that lists them has failed.", fix=Advice.EXAMINE
        ) from error


def main(name: str, patience_s: float) -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the session, which ends this process
    silence_native_stderr()
    allow_restarts()
    alarm = getattr(signal, "alarm", lambda seconds: None)
    patience = max(1, round(patience_s))
    backend: Backend | None = None
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # where libraries print is no answer
        for _ in sys.stdin:
            alarm(patience)
            try:
                backend = _anew(backend, name)
                answer = encode(backend.devices())
            except Exception as error:  # whatever it is, the one who asked is told
                answer = json.dumps({"trouble": str(error) or type(error).__name__})
            print(answer, file=answers, flush=True)
            alarm(0)
        alarm(patience)


def _anew(backend: Backend | None, name: str) -> Backend:
    """The backend whose class has this name, with the devices there are now."""
    if backend is not None and isinstance(backend, Refreshes):
        if backend.refresh():
            sys.exit()  # another process can see them
        return backend
    if backend is not None:
        backend.close()
    module, _, kind = name.partition(":")
    return getattr(import_module(module), kind)()


if __name__ == "__main__":
    with contextlib.suppress(OSError):  # nobody reads any more
        main(sys.argv[1], float(sys.argv[2]))
