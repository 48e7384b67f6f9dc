"""`voice run --record`: what makes a session a recorded one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.audio.session_audio import AudioLink
from engine.realtime.connection.transport import Connect
from engine.realtime.providers.choose import ChosenProvider
from engine.realtime.recording.tap import Recording
from engine.realtime.session import Observer


def recorded(
    folder: Path | None,
    chosen: ChosenProvider,
    connect: Connect,
    link: AudioLink,
    observers: Sequence[Observer],
    secrets: Sequence[str],
    stack: contextlib.AsyncExitStack,
) -> dict[str, Any]:
    """Begin a recording that ends with the stack; return how the session is connected, through it if there is one.

    Raises:
        InvalidInputError: the folder holds a recording already, or cannot be written.
    """
    if folder is None:
        return {"connect": connect}
    recording = Recording(folder, chosen, observers=observers, secrets=secrets, connect=connect)
    stack.callback(recording.close, link)
    stack.callback(asyncio.ensure_future(recording.follow(link)).cancel)
    return {"connect": recording.connect, "make_conversation": recording.make_conversation}
