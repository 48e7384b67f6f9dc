"""`--events`: every session event as one line of JSON, with its monotonic time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from cli.platforms import reader_left
from cli.terminal.sanitize import json_text
from cli.terminal.writer import BackgroundWriter
from engine.errors import InvalidInputError
from engine.files import open_private
from engine.realtime.session_events import SessionEvent


class EventFile:
    """An observer that writes lines, each at once: a reader at the other end of a pipe follows the session.

    A reader who takes nothing, and a full disk, do not stop the conversation: what they miss is counted.
    """

    def __init__(self, name: str, file: TextIO, tell: Callable[[str], None], left: Callable[[], None]) -> None:
        """Prepare.

        Args:
            name: For sentences about it.
            file: Where to.
            tell: Given a sentence, once, in any thread, when the file takes no more.
            left: Called instead, in any thread, when it is a pipe whose reader has left.
        """
        self._name = name
        self._tell = tell
        self._left = left
        self._writer = BackgroundWriter(file, self._refused)

    def __call__(self, event: SessionEvent, at_s: float) -> None:
        """Write one session event."""
        self._writer.write(json_text({"t": round(at_s, 6), **event.to_json()}) + "\n")

    def close(self, patience_s: float | None = None) -> None:
        """Wait until everything is written; see `BackgroundWriter.close`.

        Raises:
            InvalidInputError: the file took no more.
            OSError: the reader has left.
        """
        self._writer.close(patience_s)
        error = self._writer.error
        if error is not None:
            raise error if reader_left(error) else self._error(error)
        if self._writer.dropped:
            self._tell(f"{self._writer.dropped} events are missing in {self._name}: it was read too slowly.")

    def _refused(self, error: OSError) -> None:
        if reader_left(error):
            self._left()
        else:
            self._tell(self._error(error).message)

    def _error(self, error: OSError) -> InvalidInputError:
        return InvalidInputError(
            f"{self._name} takes no more events: {error.strerror}.", fix="Make room for them, or send them elsewhere."
        )


def open_event_file(target: str) -> TextIO:
    """Open the file for events.

    Raises:
        InvalidInputError: it cannot be written.
    """
    try:
        file = os.fdopen(open_private(Path(target)), "w", encoding="utf-8", errors="backslashreplace")
        if os.fstat(file.fileno()).st_size:
            file.truncate()
        return file
    except OSError as error:
        raise InvalidInputError(
            f"The event file {target} cannot be written: {error.strerror}.",
            fix="Name a file in an existing folder that you may write to, or - for standard output.",
        ) from error
