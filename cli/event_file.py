"""`--events`: every notice of a session as one line of JSON, with its monotonic time."""

from __future__ import annotations

import json
import sys
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from engine.errors import InvalidInputError
from engine.realtime.notices import Notice

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
        self._owned = target != "-"

    def __call__(self, notice: Notice, at_s: float) -> None:
        """Write one notice."""
        self._file.write(json.dumps({"t": round(at_s, 6), **notice.to_json()}, ensure_ascii=False) + "\n")
        self._file.flush()

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._owned:
            self._file.close()
