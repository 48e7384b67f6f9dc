"""Runs calls of tools, several at once, and turns whatever happens into words the model can use."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import json
import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.realtime.conversation.actions import ToolCall, ToolResult
from engine.realtime.tools.execution import call_async, call_plain, is_async
from engine.realtime.tools.results import Output, error_output, words_for
from engine.realtime.tools.schema import WrongArgumentsError
from engine.realtime.tools.threads import ToolThreads
from engine.realtime.tools.tool import OnInterrupt, Tool
from engine.redaction import Scrubber

MOST_CALLS = 32
"""At once; a server that asks for more is told to wait."""
CLEANUP_S = 1.0
"""Time that a cancelled call has to let go of its resources when the session ends."""
STOPPED = "The user spoke, so this call was stopped before it ended; what it had done until then stays done."

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    tool: Tool
    work: asyncio.Task[Output]
    stopped: asyncio.Future[None]


class ToolRunner:
    """Runs the calls of one session.

    Example:
        >>> from engine.realtime.tools.tool import tool_of
        >>> def dial(number: str) -> str:
        ...     '''Call somebody.'''
        ...     return "ringing"
        >>> runner = ToolRunner([tool_of(dial)])
        >>> (await runner.run(ToolCall("call_1", "dial", '{"number": "112"}'))).output
        'ringing'
    """

    def __init__(self, tools: Sequence[Tool], scrubber: Scrubber | None = None) -> None:
        """Offer some tools; where two have the same name, the first.

        Args:
            tools: The tools that may be called.
            scrubber: Knows the secrets that no failure may name.
        """
        self.offer(tools)
        self._scrub = (scrubber or Scrubber(())).clean
        self._threads = ToolThreads()
        self._running: dict[str, _Running] = {}
        self._leaving: set[asyncio.Task[Output]] = set()
        """Calls that were answered without them and have not ended."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def offer(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """Offer other tools from now on, and return them, each name once; calls that run are not touched."""
        self._by_name = {tool.name: tool for tool in reversed(tools)}
        self.tools = tuple(tool for tool in tools if self._by_name[tool.name] is tool)
        return self.tools

    @property
    def held_up_by(self) -> list[str]:
        """Names of the running tools that the end of the session has to wait for."""
        return [entry.tool.name for entry in self._running.values() if entry.tool.on_interrupt is OnInterrupt.SHIELD]

    def start(self, call: ToolCall, done: Callable[[ToolResult], None]) -> None:
        """Run one call beside everything else; `done` is given its result, unless the end comes first."""
        task = asyncio.get_running_loop().create_task(self._run_and_tell(call, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_and_tell(self, call: ToolCall, done: Callable[[ToolResult], None]) -> None:
        done(await self.run(call))

    async def run(self, call: ToolCall) -> ToolResult:
        """Run one call; never raises but when it is cancelled."""
        tool = self._by_name.get(call.name)
        if tool is None:
            return _failed(call, f"There is no tool '{call.name}'.")
        if len(self._running) >= MOST_CALLS:
            return _failed(call, "Too many calls are running: try again later.")
        try:
            values = _values(tool, call.arguments)
        except WrongArgumentsError as error:
            return _failed(call, f"Wrong arguments: {error}.")
        work = asyncio.create_task(self._work(tool, values))
        running = self._running[call.call_id] = _Running(tool, work, asyncio.get_running_loop().create_future())
        try:
            return await self._outcome(call, running)
        finally:
            del self._running[call.call_id]
            self._leave(work)

    async def _outcome(self, call: ToolCall, running: _Running) -> ToolResult:
        work, tool = running.work, running.tool
        either: set[asyncio.Future[Any]] = {work, running.stopped}
        await asyncio.wait(either, timeout=tool.timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            if running.stopped.done():
                return ToolResult(call.call_id, call.name, error_output(STOPPED), failed=True, stopped=True)
            return _failed(call, f"The tool gave no answer within {tool.timeout_s:g} s.")
        if work.cancelled():
            return _failed(call, "The tool was cancelled.")
        error = work.exception()
        if error is not None:
            _log.debug("%s failed: %s", tool.name, self._scrub("".join(traceback.format_exception(error))))
            return _failed(call, words_for(error, self._scrub))
        output = work.result()
        return ToolResult(call.call_id, call.name, output.text, cut_chars=output.cut_chars, ends=tool.ends_conversation)

    async def _work(self, tool: Tool, values: dict[str, Any]) -> Output:
        if is_async(tool.function):
            return await call_async(tool.function, values)
        in_thread = functools.partial(contextvars.copy_context().run, call_plain, tool.function, values)
        return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)

    def interrupt(self, call_ids: Iterable[str]) -> None:
        """The user speaks: stop those of the calls whose tools want to be."""
        for call_id in call_ids:
            running = self._running.get(call_id)
            if running is not None and running.tool.on_interrupt is OnInterrupt.CANCEL and not running.stopped.done():
                running.stopped.set_result(None)

    async def finish(self) -> None:
        """End all calls: the shielded ones in their time, or when `hurry` is called, all others now."""
        shielded = [entry for entry in self._running.values() if entry.tool.on_interrupt is OnInterrupt.SHIELD]
        for entry in self._running.values():
            if entry not in shielded:
                entry.work.cancel()
        if shielded:
            hurrying = asyncio.create_task(self._hurry.wait())
            finished = asyncio.create_task(asyncio.wait([entry.work for entry in shielded]))
            longest_s = max(entry.tool.timeout_s for entry in shielded)
            await asyncio.wait([hurrying, finished], timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
            hurrying.cancel()
            finished.cancel()
        left = {*(entry.work for entry in self._running.values()), *self._leaving}
        for work in left:
            work.cancel()
        for task in self._tasks:
            task.cancel()
        if left or self._tasks:
            await asyncio.wait({*left, *self._tasks}, timeout=CLEANUP_S)

    def hurry(self) -> None:
        """Wait for no call any longer."""
        self._hurry.set()

    def _leave(self, work: asyncio.Task[Output]) -> None:
        """Let go of a call that has been answered: what it still does is of no interest."""
        if work.done():
            return
        work.cancel()
        self._leaving.add(work)
        work.add_done_callback(self._left)

    def _left(self, work: asyncio.Task[Output]) -> None:
        self._leaving.discard(work)
        if not work.cancelled() and work.exception() is not None:
            _log.debug("a tool failed after it was given up: %s", type(work.exception()).__name__)


def _values(tool: Tool, text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise WrongArgumentsError("they are not valid JSON") from None
    if not isinstance(arguments, dict):
        raise WrongArgumentsError("they are not a JSON object")
    return tool.check(arguments)


def _failed(call: ToolCall, message: str) -> ToolResult:
    return ToolResult(call.call_id, call.name, error_output(message), failed=True)
