"""Outputs of `voice run`: the conversation, what is said about it, and its events."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator

from cli.language.spoken import translated
from cli.run.event_file import EventFile, open_event_file
from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.presence import can_draw
from cli.terminal.stdout import standard_output
from cli.terminal.writer import BackgroundWriter
from cli.view.screen import Screen

_HASTE_S = 0.3
"""Longest wait after Ctrl+C for a stream that takes nothing."""


class Outputs:
    """The screen, the event file if there is one, and what becomes of a reader who leaves."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.events: EventFile | None = None
        self._left = False
        self._on_left: Callable[[], object] = lambda: None

    def reader_left(self) -> None:
        """Take note, in any thread, that nobody takes any more what goes to standard output."""
        self._left = True
        self._on_left()

    def on_reader_left(self, call: Callable[[], object]) -> None:
        """Call this, in any thread, when the reader leaves, or now if nobody is there any more."""
        self._on_left = call
        if self._left:
            call()


def _same_file(one: BackgroundWriter, other: BackgroundWriter) -> bool:
    """Whether both end in one file or pipe, as with `2>&1`: two threads would write its lines in any order."""
    try:
        return os.path.sameopenfile(one.fileno(), other.fileno())
    except OSError:  # a test's stream, or a closed one
        return False


def _screen(talk: BackgroundWriter, about: BackgroundWriter | None, *, plain: bool) -> Screen:
    if plain or not can_draw(talk):
        return Screen(talk, about)
    from cli.terminal.live_area import LiveArea  # noqa: PLC0415 - brings rich
    from cli.view.live_screen import LiveScreen  # noqa: PLC0415

    return LiveScreen(LiveArea(talk), talk, about)


@contextlib.contextmanager
def open_outputs(events: str | None, *, plain: bool = False) -> Iterator[Outputs]:
    """Open everything; write out at the end what still waits.

    The conversation goes to standard output, everything about it to standard error: on one terminal, or in one file,
    they stand together. `events` is a file, or - for standard output, so that the conversation goes to standard error
    too. The screen is live where the conversation goes to a terminal, unless lines are to be plain.

    Raises:
        InvalidInputError: the event file cannot be written, or took no more.
        OSError: the reader of the conversation, or of the events, has left.
    """
    with contextlib.ExitStack() as stack:
        stdout = stack.enter_context(standard_output())
        outputs: Outputs
        about = BackgroundWriter(sys.stderr or io.StringIO())
        talk = about if events == "-" else BackgroundWriter(stdout, lambda _: outputs.reader_left())
        together = talk is about or (talk.isatty() and about.isatty()) or _same_file(talk, about)
        screen = _screen(talk, None if together else about, plain=plain)
        outputs = Outputs(screen)
        if events == "-":
            outputs.events = EventFile("Standard output", stdout, screen.say, outputs.reader_left)
        elif events is not None:
            file = stack.enter_context(open_event_file(events))
            outputs.events = EventFile(f"The event file {events}", file, screen.say, outputs.reader_left)
        try:
            yield outputs
        finally:
            patience_s = _HASTE_S if INTERRUPTS.count else None
            try:
                if outputs.events is not None:
                    outputs.events.close(patience_s)
            finally:
                talk.close(patience_s)
                if talk.dropped and talk.error is None and talk is not about:
                    lost = f"{talk.dropped} pieces of the conversation are missing: its reader was too slow.\n"
                    about.write(translated(lost))
                about.close(patience_s)
        if talk.error is not None:
            raise talk.error
