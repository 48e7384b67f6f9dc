"""Carries out what `engine.audio.recovery.policy` decides: closes, looks, and opens again, beside a running session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from engine.audio.clock import loop_time_s
from engine.audio.recovery.policy import Command, Following, News
from engine.audio.recovery.rescan import DeviceLister
from engine.audio.run_blocking import run_blocking, wait_out
from engine.audio.session_audio import AudioLink
from engine.audio.types import Device
from engine.errors import VoiceError


class Follower:
    """Keeps one link's stream alive; used from the link's event loop.

    Example:
        >>> follower = Follower(link, tell=print, drop=give_up_the_answer, failed=end_the_session)
        >>> follower.tick()             # several times a second
        >>> await follower.close()
    """

    def __init__(
        self,
        link: AudioLink,
        *,
        tell: Callable[[News], None],
        drop: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Follow the devices of a link that has been started.

        Args:
            link: Its backend can refresh.
            tell: Is told what becomes of the stream.
            drop: Is called when what waits to be heard has waited too long.
            failed: Is told what went wrong inside; nothing is followed then.
        """
        self._link = link
        self._tell = tell
        self._drop = drop
        self._failed = failed
        self._following = Following(link.wanted)
        self._following.running(link.info, loop_time_s())
        self._operation: asyncio.Task[list[Command]] | None = None
        self._ending: set[asyncio.Task[list[Command]]] = set()
        """Operations that another has taken the place of."""
        self._has_failed = False
        self._lister = DeviceLister(link.backend)
        self._devices: Sequence[Device] = ()
        """The devices that the last look found."""

    def tick(self) -> None:
        """Look at the stream; a stream may be silent for 2 s before it is lost, so four times a second is enough."""
        if not self._has_failed:
            self._carry_out(self._following.tick(self._link.look(), loop_time_s()))

    async def close(self) -> None:
        """End what is under way; `tick` must not be called any more."""
        self._leave_operation()
        await self._nothing_else()
        await self._lister.close()

    def _carry_out(self, commands: list[Command]) -> None:
        for news in self._following.take_news():
            self._tell(news)
        for command in commands:
            if command is Command.DROP:
                self._drop()
                continue
            todo: Callable[[], Coroutine[Any, Any, list[Command]]] = {
                Command.CLOSE: self._close_stream,
                Command.LOOK: self._look,
                Command.LOOK_AROUND: self._look,
                Command.OPEN: self._open,
            }[command]
            self._leave_operation()
            self._operation = asyncio.ensure_future(self._alone(todo))
            self._operation.add_done_callback(self._go_on)

    def _leave_operation(self) -> None:
        """End what is under way: the loss of a stream makes a look around pointless."""
        operation, self._operation = self._operation, None
        if operation is not None:
            operation.cancel()
            self._ending.add(operation)
            operation.add_done_callback(self._ending.discard)

    def _go_on(self, finished: asyncio.Task[list[Command]]) -> None:
        """Do what follows from what is done, unless something else has taken its place."""
        if finished is not self._operation:
            return
        self._operation = None
        if finished.cancelled():
            return
        try:
            self._carry_out(finished.result())
        except Exception as error:  # nobody above but the loop, which would only log it
            self._has_failed = True
            self._failed(error)

    async def _alone(self, todo: Callable[[], Coroutine[Any, Any, list[Command]]]) -> list[Command]:
        await self._nothing_else()
        return await todo()

    async def _nothing_else(self) -> None:
        for operation in tuple(self._ending):
            await wait_out(operation)

    async def _close_stream(self) -> list[Command]:
        opened = self._link.release()
        if opened is not None:
            await opened.aclose()
        self._link.gone()
        return self._following.closed()

    async def _look(self) -> list[Command]:
        try:
            self._devices = await self._lister.look()
        except VoiceError as error:
            return self._following.looked(None, loop_time_s(), error.message)
        return self._following.looked(self._devices, loop_time_s())

    async def _open(self) -> list[Command]:
        try:
            # However long it takes: two of these at once would be two threads in a library that allows one.
            opened = await run_blocking(
                partial(self._link.open_again, self._devices), discard=lambda late: late.close()
            )
        except VoiceError as error:
            return self._following.refused(error, loop_time_s())
        self._link.adopt(opened)
        if not self._link.wanted.follows_default:
            await self._lister.close()  # it is not asked before the next loss
        return self._following.opened(opened.info, loop_time_s())
