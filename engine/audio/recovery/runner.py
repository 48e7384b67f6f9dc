"""Recovery runner: closes, rescans and opens again as `engine.audio.recovery.policy` decides, beside the session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from engine.audio.clock import loop_time_s
from engine.audio.recovery.policy import Command, News, RecoveryPolicy, Wanted
from engine.audio.recovery.rescan import DeviceLister
from engine.audio.run_blocking import run_blocking, wait_out
from engine.audio.session_audio import SessionAudio
from engine.audio.types import Device
from engine.errors import RestartNeededError, VoiceError

_CLOSE_S = 4.0
"""Longer than our backends wait for streams that hang: others are to be opened after them."""


class RecoveryRunner:
    """Keeps the stream of one session's audio alive; used from its event loop."""

    def __init__(
        self,
        audio: SessionAudio,
        *,
        emit: Callable[[News], None],
        drop: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Watch over the devices of audio that has been started.

        Args:
            audio: Its backend can refresh.
            emit: Given the news of the stream.
            drop: Called when what waits to be heard has waited too long.
            failed: Given an error of the recovery itself; nothing is recovered then.
        """
        self._audio = audio
        self._emit = emit
        self._drop = drop
        self._failed = failed
        self._policy = RecoveryPolicy(audio.wanted)
        self._policy.running(audio.info, loop_time_s())
        self._operation: asyncio.Task[list[Command]] | None = None
        self._ending: set[asyncio.Task[list[Command]]] = set()
        """Operations that another has taken the place of."""
        self._has_failed = False
        self._lister = DeviceLister(audio.backend)
        self._devices: Sequence[Device] = ()
        """The devices that the last rescan found."""

    def tick(self) -> None:
        """Look at the stream; a stream may be silent for 2 s before it is lost, so four times a second is enough."""
        if not self._has_failed:
            self._carry_out(self._policy.tick(self._audio.stream_state(), loop_time_s()))

    def move(self, wanted: Wanted) -> None:
        """Go on with other devices."""
        self._audio.wanted = wanted
        self._carry_out(self._policy.want(wanted, loop_time_s()))

    async def close(self) -> None:
        """End what is under way; `tick` must not be called any more."""
        self._leave_operation()
        await self._nothing_else()
        await self._lister.close()

    def _carry_out(self, commands: list[Command]) -> None:
        for news in self._policy.take_news():
            self._emit(news)
        for command in commands:
            if command is Command.DROP:
                self._drop()
                continue
            todo: Callable[[], Coroutine[Any, Any, list[Command]]] = {
                Command.CLOSE: self._close_stream,
                Command.RESCAN: self._rescan,
                Command.POLL_DEFAULT: self._rescan,
                Command.OPEN: self._open,
            }[command]
            self._leave_operation()
            self._operation = asyncio.ensure_future(self._alone(todo))
            self._operation.add_done_callback(self._go_on)

    def _leave_operation(self) -> None:
        """End what is under way: the loss of a stream makes a poll of the default pointless."""
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
        opened = self._audio.release()
        if opened is not None:
            await opened.aclose(timeout_s=_CLOSE_S)
        self._audio.gone()
        return self._policy.closed()

    async def _rescan(self) -> list[Command]:
        try:
            self._devices = await self._lister.rescan()
        except VoiceError as error:
            return self._policy.rescanned(None, loop_time_s(), error.message)
        return self._policy.rescanned(self._devices, loop_time_s())

    async def _open(self) -> list[Command]:
        try:
            # However long it takes: two of these at once would be two threads in a library that allows one.
            opened = await run_blocking(
                partial(self._audio.open_again, self._devices), discard=lambda late: late.close()
            )
        except RestartNeededError:
            raise  # it will not be otherwise
        except VoiceError as error:
            return self._policy.refused(error, loop_time_s())
        self._audio.adopt(opened)
        if not self._audio.wanted.follows_default:
            await self._lister.close()  # it is not asked before the next loss
        return self._policy.opened(opened.info, loop_time_s())
