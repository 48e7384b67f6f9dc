"""Starts the tool host of a session, where there are tools for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from engine.api.plan import SessionPlan
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import SessionEvent
from engine.realtime.tools.host.host import ToolHost


async def start_host(
    plan: SessionPlan, emit: Callable[[SessionEvent], None], stack: contextlib.AsyncExitStack
) -> Callable[[RealtimeSession], None]:
    """Start it without waiting; return what lets a session offer its tools once they are imported.

    Args:
        plan: What is left to it.
        emit: Told what is not offered, and of its ends.
        stack: Ends it.
    """
    host = await stack.enter_async_context(ToolHost(plan.order, emit, plan.chosen.scrubber, asked=plan.asked))

    async def offer(core: RealtimeSession) -> None:
        try:
            if tools := await host.tools():
                core.offer(tools)
        except Exception as error:  # such as a module that was asked for and cannot be imported
            core.on_failure(error)

    def begin(core: RealtimeSession) -> None:
        stack.callback(asyncio.create_task(offer(core)).cancel)

    return begin
