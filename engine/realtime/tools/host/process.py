"""One process of the tool host as the session sees it: what it has loaded, the calls in it, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Self

from engine.realtime.tools.host.platforms import hand_over, start_options
from engine.realtime.tools.host.wire import HEAD, MOST_BYTES, Order, packed
from engine.realtime.tools.printed import Printed
from engine.realtime.tools.results import Output
from engine.realtime.tools.tool import ToolError
from engine.redaction import without_keys

GRACE_S = 1.0
"""Time that a cancelled call, or the whole host at the end of a session, has to let go of its resources."""
_LAST_WORDS_S = 0.5
_SIGNALS = {number.value: number.name for number in signal.Signals}
_LOST = "The process of the tools ended during this call ({}); whether the call took effect is not known."
_ENDED = (
    "The process of the tools was ended, because another call in it did not stop; whether this one took effect is not "
    "known."
)


@dataclass(slots=True)
class _Call:
    tool: str
    outcome: asyncio.Future[Output]
    is_shielded: bool

    @property
    def holds(self) -> bool:
        """Whether its host has to stay for it."""
        return self.is_shielded and not self.outcome.done()


class HostProcess:
    """A running host; `start` makes one."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        references: Iterable[str],
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer
        loop = asyncio.get_running_loop()
        self.loaded: dict[str, asyncio.Future[dict[str, Any]]] = {name: loop.create_future() for name in references}
        """Words of the process on each reference."""
        self._calls: dict[int, _Call] = {}
        self._ids = count(1)
        self.on_stuck: Callable[[str], None] = lambda tool: None
        """Told which tool's cancelled call did not end: this process takes no more calls."""
        self.is_leaving = False
        """Whether new calls go to another process."""
        self.ended = asyncio.create_task(self._live())
        """Done when the process has ended; the result says how, if it was not for us."""

    @classmethod
    async def start(cls, order: Order, scrub: Callable[[str], str]) -> Self:
        """Start a process, and tell it what to load.

        Raises:
            OSError: the system starts none.
        """
        ours, theirs = socket.socketpair()
        with theirs, Printed("tools", scrub, logging.INFO) as printed:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-P",  # not from the folder where the person happens to be: the order has a path of its own
                    "-u",
                    "-m",
                    "engine.realtime.tools.host",
                    str(theirs.fileno()),
                    stdout=printed.file,
                    stderr=printed.file,
                    # Ctrl+C in a terminal reaches a whole group. And Linux shares processors among sessions: one that
                    # was ours would take from the sound whatever the tools take, however low their priority in it.
                    start_new_session=True,
                    env=without_keys(os.environ),
                    **start_options(theirs),
                )
            except BaseException:
                ours.close()
                raise
            await hand_over(process, theirs)
            reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(packed(asdict(order)))
        return cls(process, reader, writer, order.references)

    async def call(self, tool: str, arguments: dict[str, Any], *, is_shielded: bool) -> Output:
        """Call a tool; one that is cancelled here is cancelled there, and has `GRACE_S` to end.

        Raises:
            ToolError: the process ended, or the tool said so itself.
            Exception: of the kind and with the words that the tool failed with.
        """
        call_id, loop = next(self._ids), asyncio.get_running_loop()
        call = self._calls[call_id] = _Call(tool, loop.create_future(), is_shielded)
        if self.ended.done():
            self._lose()
        self._send({"call": call_id, "tool": tool, "arguments": arguments})
        try:
            return await call.outcome
        except asyncio.CancelledError:
            self._send({"cancel": call_id})
            loop.call_later(GRACE_S, self._retire, call_id)
            self._end_when_free()
            raise

    async def close(self) -> None:
        """End the process: cancelled calls have `GRACE_S` to end."""
        self.is_leaving = True
        self._writer.close()
        try:
            await asyncio.wait([self.ended], timeout=GRACE_S)
        finally:
            self.kill()
        await asyncio.wait([self.ended])

    def kill(self) -> None:
        """End the process now."""
        self.is_leaving = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def _send(self, frame: dict[str, Any]) -> None:
        if not self._writer.is_closing():
            self._writer.write(packed(frame))

    def _retire(self, call_id: int) -> None:
        """Take no more calls if this one has not ended."""
        if call_id not in self._calls or self.is_leaving:
            return
        self.is_leaving = True
        self.on_stuck(self._calls[call_id].tool)
        self._end_when_free()

    def _end_when_free(self) -> None:
        if self.is_leaving and not any(call.holds for call in self._calls.values()):
            self.kill()
            self._lose(_ENDED)

    async def _live(self) -> str:
        reading, ending = asyncio.create_task(self._read()), asyncio.create_task(self._process.wait())
        await asyncio.wait([reading, ending], return_when=asyncio.FIRST_COMPLETED)
        is_ours, self.is_leaving = self.is_leaving, True
        if not is_ours:
            # A signal sent to a process that has just died takes its exit code from asyncio (Python 3.11).
            await asyncio.wait([ending], timeout=_LAST_WORDS_S)
            if not ending.done():
                self.kill()  # it is no more to be spoken with
        code = await ending
        await asyncio.wait([reading], timeout=_LAST_WORDS_S)
        reading.cancel()
        self._writer.close()
        reason = f"exit code {code}" if code >= 0 else _SIGNALS.get(-code, f"signal {-code}")
        self._lose(_LOST.format(reason))
        return "" if is_ours else reason

    def _lose(self, words: str = _LOST.format("it is gone")) -> None:
        """Answer every call that is left."""
        for call in self._calls.values():
            if not call.outcome.done():
                call.outcome.set_exception(ToolError(words))
        self._calls.clear()

    async def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError, ValueError, LookupError, TypeError, asyncio.InvalidStateError):
            while True:
                (size,) = HEAD.unpack(await self._reader.readexactly(HEAD.size))
                if size > MOST_BYTES:
                    return
                self._take(json.loads(await self._reader.readexactly(size)))

    def _take(self, frame: dict[str, Any]) -> None:
        if "loaded" in frame:
            self.loaded[frame["loaded"]].set_result(frame)
            return
        call = self._calls.pop(frame["call"], None)
        if call is not None and not call.outcome.done():
            if "output" in frame:
                call.outcome.set_result(Output(frame["output"], frame["cut_chars"]))
            else:
                kind = type(frame["kind"], (Exception,), {}) if frame["kind"] else ToolError
                call.outcome.set_exception(kind(frame["error"]))
        self._end_when_free()
