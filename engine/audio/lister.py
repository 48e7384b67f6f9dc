"""The program of a short-lived process that lists a backend's devices as they are now: PortAudio freezes its own list.

`python -m engine.audio.lister MODULE:CLASS` prints one line of JSON. It imports nothing heavy: it runs every few
seconds beside a conversation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module

from engine.audio.backend import Backend, Device
from engine.errors import VoiceError

_FIX = "`voice doctor` says what is wrong."


def encode(devices: Sequence[Device]) -> str:
    """One line of JSON."""
    return json.dumps({"devices": [asdict(device) for device in devices]})


def decode(output: str) -> list[Device]:
    """Read what the program printed; libraries may have printed before it.

    Raises:
        VoiceError: it failed, and says why; or it printed something else.
    """
    try:
        answer = json.loads(output.splitlines()[-1])
        if "trouble" in answer:
            raise VoiceError(f"The devices cannot be listed: {answer['trouble']}", fix=_FIX)
        return [Device(**entry) for entry in answer["devices"]]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise VoiceError(
            "The devices cannot be listed: the process that looks for them broke off.", fix=_FIX
        ) from error


def main(name: str) -> None:
    """Print the devices of the backend whose class has this name."""
    module, _, kind = name.partition(":")
    try:
        backend: Backend = getattr(import_module(module), kind)()
        try:
            line = encode(backend.devices())
        finally:
            backend.close()
    except Exception as error:  # whatever it is, the one who asked is told
        line = json.dumps({"trouble": str(error) or type(error).__name__})
    print(line)


if __name__ == "__main__":
    main(sys.argv[1])
