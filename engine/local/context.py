"""Context that both sides of a session share, the one that listens and the one that answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from engine.local.hearing.idle_timeout import IdleTimeout
from engine.local.items import Items
from engine.local.protocol.settings import Settings
from engine.local.speech_worker import SpeechWorker
from engine.local.tasks import Tasks

Send = Callable[..., Awaitable[None]]
"""Sends one event to the client: its type, and its fields by name."""

MAX_WAITING = 8
"""A client that talks faster than the recogniser hears is not read from while so much of it waits to be heard."""


@dataclass(frozen=True, slots=True)
class ConversationContext:
    """One conversation under way."""

    send: Send
    settings: Settings
    """The client's settings so far."""
    items: Items
    speech_worker: SpeechWorker
    transcriptions: Tasks = field(default_factory=Tasks)
    """Transcriptions of what was committed and is not understood yet."""
    speech_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the speech worker works for this session: it takes sessions in turn, one piece of work of each."""
    idle_timeout: IdleTimeout = field(default_factory=IdleTimeout)
