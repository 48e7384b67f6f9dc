"""Lines of standard input: of a pipe, each is said when the last one was answered; of a terminal, at once."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable

from cli.platforms import piped_text
from cli.run.commands import ENDED, UNREAD_S, LineCommands
from cli.view.screen import Screen
from engine.api.session import Session
from engine.audio.clock import loop_time_s

_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}
_POLL_S = 0.05
_QUEUED_LINES = 100
"""A faster writer waits."""
_MOST_BYTES = 1 << 20
"""Longest line; a service refuses longer texts anyway."""


class _SessionOver(Exception):  # noqa: N818 - says that nobody wants more lines, and never leaves this file
    """The session has ended while lines were left."""


async def say_lines(session: Session) -> None:
    """Say every line in its turn, then let the session end with the last answer."""
    lines: asyncio.Queue[str | None] = asyncio.Queue(_QUEUED_LINES)
    _start_reading(lines)
    await session.tools_offered()  # nobody is kept waiting by it, and the first line may need one
    while (line := await lines.get()) is not None:
        if line.strip():
            session.send_text(line.strip())
            while not session.at_rest:  # noqa: ASYNC110 - rest is a state of the audio thread too, which signals no event
                await asyncio.sleep(_POLL_S)
    session.end_input()


class PlainLines:
    """Lines that a person types at a terminal on which nothing is drawn: words, commands, and answers to questions."""

    def __init__(self, session: Session, screen: Screen) -> None:
        """Prepare."""
        self._screen = screen
        self._commands = LineCommands(session, screen)
        self._questions: deque[tuple[str, float, Callable[[bool], None]]] = deque()
        """Questions that wait, with the times from which they count as read."""

    def ask(self, text: str, answered: Callable[[bool], None]) -> None:
        """Print a question; the next line that is a yes or a no answers it, unless it comes too soon."""
        self._screen.insist(text)
        self._questions.append((text, loop_time_s() + UNREAD_S, answered))

    def withdraw(self) -> None:
        """Forget all questions that wait."""
        self._questions.clear()

    async def take(self, session: Session) -> None:
        """Take lines until Ctrl+D."""
        lines: asyncio.Queue[str | None] = asyncio.Queue(_QUEUED_LINES)
        _start_reading(lines)
        while (line := await lines.get()) is not None:
            text = "".join(filter(str.isprintable, line)).strip()  # a key such as Esc is no word
            if self._questions and (yes := _ANSWERS.get(text.lower())) is not None:
                self._answer(yes)
            elif text:
                self._commands.enter(text)
        session.stop(ENDED)

    def _answer(self, yes: bool) -> None:
        question, read_at_s, answered = self._questions[0]
        if loop_time_s() < read_at_s:
            self._screen.insist(question)
        else:
            self._questions.popleft()
            answered(yes)


def _start_reading(lines: asyncio.Queue[str | None]) -> None:
    """Read in a thread that nobody waits for at the end: a read that waits for a pipe cannot be recalled."""
    loop = asyncio.get_running_loop()

    def put(line: str | None) -> None:
        waiting = lines.put(line and line.removeprefix("\ufeff"))
        try:
            asyncio.run_coroutine_threadsafe(waiting, loop).result()
        except (RuntimeError, concurrent.futures.CancelledError):  # the loop is closed, or ends what waits in it
            waiting.close()
            raise _SessionOver from None

    def read() -> None:
        rest = b""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            descriptor = sys.stdin.fileno()
            while data := os.read(descriptor, 1 << 16):
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    put(piped_text(line))
                if len(rest) > _MOST_BYTES:
                    put(piped_text(rest))
                    rest = b""
        if rest:
            put(piped_text(rest))
        put(None)

    def read_to_the_end() -> None:
        with contextlib.suppress(_SessionOver):
            read()

    threading.Thread(target=read_to_the_end, name="voice-lines", daemon=True).start()
