"""The tool host of a session: started beside it, called through tools like any other, started again when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from engine.backoff import Backoff
from engine.errors import InvalidInputError, VoiceError
from engine.realtime.session_events import ErrorShown, Lacking, SessionEvent
from engine.realtime.tools.host.process import HostProcess
from engine.realtime.tools.host.wire import Order
from engine.realtime.tools.offered import not_offered
from engine.realtime.tools.results import Output
from engine.realtime.tools.tool import OnInterrupt, Tool, ToolError
from engine.redaction import Scrubber

LOAD_S = 30.0
"""Longest import of one module: the largest libraries take ten seconds from a slow disk."""
_FIRST_WAIT_S, _LONGEST_WAIT_S, _STEADY_S = 0.5, 8.0, 0.0
CODE = "tool_host"
"""Code of the `ErrorShown` that tells of an end."""


class _NotLoadedError(Exception):
    """A process did not get beyond a reference: it ended, or took too long."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(reason)
        self.reference = reference


class ToolHost:
    """Runs tools in a process of their own while it is open; without any to load there is no process."""

    def __init__(
        self,
        order: Order,
        tell: Callable[[SessionEvent], None],
        scrubber: Scrubber,
        *,
        asked: Collection[str] = (),
        load_s: float = LOAD_S,
    ) -> None:
        """Prepare a host.

        Args:
            order: What it is to load.
            tell: Told what is not offered, and when a process has ended.
            scrubber: Takes known secrets out of what the tools print.
            asked: References whose failure is an error; others are lacks.
            load_s: Longest import of a reference.
        """
        self._order, self._tell, self._scrub = order, tell, scrubber.clean
        self._asked, self._load_s = asked, load_s
        self._found: dict[str, list[Tool] | VoiceError] = {}
        self._processes: set[HostProcess] = set()
        self._backoff = Backoff(_FIRST_WAIT_S, _LONGEST_WAIT_S, _STEADY_S)
        self._not_before_s = 0.0

    async def __aenter__(self) -> Self:
        """Begin to start it."""
        self._current = asyncio.create_task(self._load())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """End all processes; calls that were cancelled have a second to end."""
        self._current.cancel()
        await asyncio.gather(self._current, return_exceptions=True)
        await asyncio.gather(*(process.close() for process in self._processes))

    async def loaded(self) -> dict[str, list[Tool] | VoiceError]:
        """Wait until everything is imported or has failed; return what came of each reference."""
        with contextlib.suppress(_NotLoadedError):
            process = await asyncio.shield(self._current)
            for reference, loading in process.loaded.items():
                frame = loading.result()
                if "error" in frame:
                    self._found[reference] = InvalidInputError(frame["error"], fix=frame["fix"])
                else:
                    self._found[reference] = [self._proxy(**declared) for declared in frame["tools"]]
        return self._found

    async def tools(self) -> list[Tool]:
        """Wait until everything is imported or has failed; return what there is to call.

        Raises:
            InvalidInputError: something that was asked for cannot be loaded.
        """
        tools: list[Tool] = []
        for reference, found in (await self.loaded()).items():
            if isinstance(found, list):
                tools += found
            elif reference in self._asked and isinstance(found, InvalidInputError):
                raise found
            else:
                self._tell(Lacking(not_offered(reference, str(found))))
        return tools

    def _proxy(self, *, name: str, on_interrupt: str, ends: bool, type: str, **declared: Any) -> Tool:  # noqa: A002
        fate = OnInterrupt(on_interrupt)

        async def call(**arguments: Any) -> Output:
            return await self._call(name, arguments, is_shielded=fate is OnInterrupt.SHIELD)

        return Tool(name=name, function=call, on_interrupt=fate, ends_conversation=ends, **declared)

    async def _call(self, name: str, arguments: dict[str, Any], *, is_shielded: bool) -> Output:
        if self._current.done() and (self._current.exception() or self._current.result().is_leaving):
            self._current = asyncio.create_task(self._restart())
        try:
            process = await asyncio.shield(self._current)
        except _NotLoadedError as error:
            raise ToolError(f"The tools cannot be started again: {error}.") from None
        return await process.call(name, arguments, is_shielded=is_shielded)

    async def _load(self) -> HostProcess:
        """Start the first process; without a reference that keeps it from getting ready."""
        while self._order.references:
            try:
                return await self._start()
            except _NotLoadedError as error:
                self._found[error.reference] = VoiceError(f"{error}.", fix="Correct the module, or leave it out.")
                left = tuple(name for name in self._order.references if name != error.reference)
                self._order = replace(self._order, references=left)
        raise _NotLoadedError("", "nothing is left to load")

    async def _restart(self) -> HostProcess:
        await asyncio.sleep(self._not_before_s - asyncio.get_running_loop().time())
        try:
            process = await self._start()
        except _NotLoadedError:
            self._not_before_s = asyncio.get_running_loop().time() + self._backoff.failed()
            raise
        self._backoff.held(_STEADY_S)
        return process

    async def _start(self) -> HostProcess:
        """Start a process and wait until it has tried to load everything."""
        try:
            process = await HostProcess.start(self._order, self._scrub)
        except OSError as error:
            raise _NotLoadedError(self._order.references[0], f"no process can be started: {error.strerror}") from None
        self._processes.add(process)
        process.ended.add_done_callback(lambda _: self._processes.discard(process))
        try:
            for reference, loading in process.loaded.items():
                either: set[asyncio.Future[Any]] = {loading, process.ended}
                await asyncio.wait(either, timeout=self._load_s, return_when=asyncio.FIRST_COMPLETED)
                if not loading.done():
                    how = f"ended the process ({process.ended.result()})" if process.ended.done() else "did not end"
                    raise _NotLoadedError(reference, f"their import {how}")
        except BaseException:
            process.kill()
            raise
        process.on_stuck = self._tell_of_stuck
        process.ended.add_done_callback(self._tell_of_end)
        return process

    def _tell_of_stuck(self, tool: str) -> None:
        what = f"The tool '{tool}' did not stop when its call was over, and ends with its process."
        self._tell(ErrorShown(f"{what} The next call starts another.", CODE))

    def _tell_of_end(self, ended: asyncio.Task[str]) -> None:
        if how := ended.result():
            self._tell(ErrorShown(f"The process of the tools ended ({how}). The next call starts another.", CODE))
