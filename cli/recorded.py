"""`voice run --record`: what makes a session a recorded one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.audio.link import AudioLink
from engine.realtime.providers import ChosenProvider
from engine.realtime.recording.tap import Recording
from engine.realtime.session import Observer


def recorded(
    folder: Path | None,
    chosen: ChosenProvider,
    link: AudioLink,
    observers: Sequence[Observer],
    secrets: Sequence[str],
    stack: contextlib.AsyncExitStack,
) -> dict[str, Any]:
    """Begin a recording that ends with the stack; return what the session is made with, nothing without a folder.

    Raises:
        InvalidInputError: the folder holds a recording already, or cannot be written.
    """
    if folder is None:
        return {}
    recording = Recording(folder, chosen, observers=observers, secrets=secrets)
    stack.callback(recording.close, link)
    stack.callback(asyncio.ensure_future(recording.follow(link)).cancel)
    return {"connect": recording.connect, "make_conversation": recording.make_conversation}
