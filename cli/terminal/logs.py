"""Log output: between the lines that are printed about the conversation."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cli.terminal.sanitize import printable


class OneLine(logging.Formatter):
    """A message is one line, whatever is in it: nobody forges a second one. A traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of one record."""
        lines = [f"{record.levelname} {record.getMessage()}"]
        if record.exc_info:
            lines += [f"  {line}" for line in self.formatException(record.exc_info).splitlines()]
        return "\n".join(map(printable, lines))


class _BetweenLines(logging.Handler):
    """Prints where the conversation is printed."""

    def __init__(self, interject: Callable[[str], object]) -> None:
        super().__init__()
        self._interject = interject

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        try:
            self._interject(self.format(record))
        except Exception:  # as every handler: what cannot be logged ends nothing
            self.handleError(record)


def log_one_line_each() -> None:
    """Format what is logged where nobody has said where to: to standard error, warnings and worse."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(OneLine())


def log_between_lines(level: str, interject: Callable[[str], object]) -> None:
    """Log from this level on; `interject` prints lines, in any thread."""
    handler = _BetweenLines(interject)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # At debug level these log requests with their headers, and the compiler's every step.
    for name in ("aiohttp", "asyncio", "numba"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # And these write tracebacks of what is told in a sentence, with addresses that may hold a key.
    for name in ("mcp", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
