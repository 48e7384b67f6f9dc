"""`--events`: every session event as one line of JSON, with its monotonic time."""

from __future__ import annotations

import contextlib
import json
import sys
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from engine.errors import InvalidInputError
from engine.realtime.session_events import SessionEvent

_AS_JSON = "backslashreplace"
"""Half of a surrogate pair, which comes where a server cuts a text between the two, is written as JSON escapes it."""


class EventFile:
    """An observer that writes lines, each at once: a reader at the other end of a pipe follows the session.

    Example:
        >>> with EventFile("events.jsonl") as events:
        ...     session = Session(..., observers=[events])
    """

    def __init__(self, target: str) -> None:
        """Open the file; `-` is standard output.

        Raises:
            InvalidInputError: it cannot be written.
        """
        if target == "-" and isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors=_AS_JSON)
        try:
            path = Path(target)
            self._file = sys.stdout if target == "-" else path.open("w", encoding="utf-8", errors=_AS_JSON)
        except OSError as error:
            raise InvalidInputError(
                f"The event file {target} cannot be written: {error.strerror}.",
                fix="Name a file in a folder that is there and that you may write to, or - for standard output.",
            ) from error
        self._target = target
        self._owned = target != "-"
        self._refused: InvalidInputError | None = None

    def __call__(self, event: SessionEvent, at_s: float) -> None:
        """Write one session event.

        Raises:
            InvalidInputError: the disk, or the reader, takes no more; leaving the block raises it again.
        """
        try:
            self._file.write(json.dumps({"t": round(at_s, 6), **event.to_json()}, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            where = f"The event file {self._target}" if self._owned else "Standard output"
            self._refused = InvalidInputError(
                f"{where} takes no more events: {error.strerror}.", fix="Make room for them, or send them elsewhere."
            )
            raise self._refused from None

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._owned:
            with contextlib.suppress(OSError):  # of what was refused before
                self._file.close()
        if self._refused is not None and error is None:
            raise self._refused
