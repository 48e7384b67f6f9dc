"""Ends a session politely when its budget is used up: what was paid for is heard first."""

from __future__ import annotations

import asyncio

from engine.audio.session_audio import SessionAudio
from engine.realtime.cost.usage import UsageMeter
from engine.realtime.session import RealtimeSession

_POLL_S = 0.05


async def keep_to_budget(meter: UsageMeter, session: RealtimeSession, audio: SessionAudio) -> None:
    """Wait until the budget is used up and the answer that used it has been heard, then stop the session.

    The usage of a response comes with its end: all of its audio is at the player then.

    Args:
        meter: Sets `exhausted` when the budget is used up.
        session: Stopped with the reason "budget".
        audio: The session's, which tells when the answer has been heard.
    """
    await meter.exhausted.wait()
    while not audio.player.drained:  # noqa: ASYNC110 - its last frame wakes the session, nobody else
        await asyncio.sleep(_POLL_S)
    await asyncio.sleep(audio.output_latency_s)
    session.stop("budget")
