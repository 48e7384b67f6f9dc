"""The tool host's own process: imports a person's tools, and runs what the session calls, until the session is gone."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time
import traceback
from concurrent.futures import Future
from functools import partial
from typing import Any

from engine.errors import VoiceError
from engine.realtime.tools.execution import call_async, call_plain, is_async
from engine.realtime.tools.host.platforms import limit, received_socket
from engine.realtime.tools.host.wire import HEAD, Order, packed
from engine.realtime.tools.loading import tools_named
from engine.realtime.tools.results import MAX_OUTPUT_CHARS, Output
from engine.realtime.tools.schema import WrongArgumentsError
from engine.realtime.tools.threads import ToolThreads
from engine.realtime.tools.tool import Tool, ToolError

_ORPHAN_S = 3.0
"""Time that the tools have to end when the session is gone; one that is there kills this process sooner."""


class _Link:
    """Our end of the socket pair; any thread may send."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._incoming = end.makefile("rb")
        self._sending = threading.Lock()

    def receive(self) -> dict[str, Any] | None:
        """Return the next object; None when the session is gone."""
        head = self._incoming.read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        frame: dict[str, Any] = json.loads(self._incoming.read(*HEAD.unpack(head)))
        return frame

    def send(self, **frame: Any) -> None:
        with self._sending:
            self._socket.sendall(packed(frame))


class _Calls:
    """Runs calls: plain functions in threads, `async` ones in the loop of the main thread."""

    def __init__(self, link: _Link, tools: dict[str, Tool]) -> None:
        self._link, self._tools = link, tools
        self._threads = ToolThreads()
        self._tasks: dict[int, asyncio.Task[Output]] = {}

    async def serve(self) -> None:
        """Take calls until the session is gone; then what still runs is cancelled."""
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        # A thread of its own: an `async` function that blocks the loop keeps no plain one from running.
        threading.Thread(target=self._receive, name="voice-calls", daemon=True).start()
        await self._over.wait()
        for task in self._tasks.values():
            if not task.cancelling():  # a second time would interrupt its cleaning up
                task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _receive(self) -> None:
        while (frame := self._link.receive()) is not None:
            if "cancel" in frame:
                self._loop.call_soon_threadsafe(self._cancel, frame["cancel"])
            elif frame["tool"] not in self._tools:
                self._link.send(call=frame["call"], error="The tool could not be loaded again.", kind="")
            elif is_async(self._tools[frame["tool"]].function):
                self._loop.call_soon_threadsafe(self._start, frame)
            else:
                self._submit(frame)
        self._loop.call_soon_threadsafe(self._over.set)
        time.sleep(_ORPHAN_S)
        os._exit(1)

    def _submit(self, frame: dict[str, Any]) -> None:
        tool = self._tools[frame["tool"]]
        try:
            done = self._threads.submit(lambda: call_plain(tool.function, tool.check(frame["arguments"])))
        except ToolError as error:
            done = Future()
            done.set_exception(error)
        done.add_done_callback(partial(self._answer, frame["call"]))

    def _start(self, frame: dict[str, Any]) -> None:
        tool = self._tools[frame["tool"]]

        async def run() -> Output:
            return await call_async(tool.function, tool.check(frame["arguments"]))

        task = self._tasks[frame["call"]] = self._loop.create_task(run())
        task.add_done_callback(partial(self._answer, frame["call"]))

    def _cancel(self, call: int) -> None:
        if call in self._tasks:
            self._tasks[call].cancel()

    def _answer(self, call: int, done: asyncio.Future[Output] | Future[Output]) -> None:
        """Say what a call came to, which also says that it has ended."""
        self._tasks.pop(call, None)
        error = ToolError("The tool was cancelled.") if done.cancelled() else done.exception()
        if isinstance(error, WrongArgumentsError):
            error = ToolError(f"Wrong arguments: {error}.")
        try:
            if error is None:
                self._link.send(call=call, output=done.result().text, cut_chars=done.result().cut_chars)
                return
            if not isinstance(error, ToolError):
                traceback.print_exception(error)
            said = str(error)[:MAX_OUTPUT_CHARS]
            self._link.send(call=call, error=said, kind="" if isinstance(error, ToolError) else type(error).__name__)
        except OSError:  # the session is gone, or the tool has closed the socket; or a fork of it returns here too
            os._exit(1)


def _loaded(link: _Link, reference: str) -> list[Tool]:
    """Import what a reference names, and tell the session of it."""
    try:
        tools = tools_named(reference)
        declared = [
            tool.to_json()
            | {"timeout_s": tool.timeout_s, "on_interrupt": tool.on_interrupt, "ends": tool.ends_conversation}
            for tool in tools
        ]
        link.send(loaded=reference, tools=declared)
    except VoiceError as error:
        link.send(loaded=reference, error=error.message, fix=error.fix)
        return []
    return tools


def main() -> None:
    """Load, then serve."""
    link = _Link(received_socket())
    asked = link.receive()
    if asked is None:
        return
    order = Order(**asked)
    limit(order)
    os.environ.update(order.env)
    sys.path[:] = order.path
    by_reference = [_loaded(link, reference) for reference in order.references]
    tools = {tool.name: tool for found in reversed(by_reference) for tool in reversed(found)}
    asyncio.run(_Calls(link, tools).serve())


if __name__ == "__main__":
    main()
