"""Log output: between the lines that are printed about the conversation."""

from __future__ import annotations

import logging

from cli.terminal.sanitize import printable
from cli.terminal.status_line import StatusLine


class _BetweenLines(logging.Handler):
    """Prints above the status line."""

    def __init__(self, line: StatusLine) -> None:
        super().__init__()
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        try:
            self._line.interject("\n".join(printable(line) for line in self.format(record).splitlines()))
        except Exception:  # as every handler: what cannot be logged ends nothing
            self.handleError(record)


def log_between_lines(level: str, line: StatusLine) -> None:
    """Log from this level on."""
    logging.basicConfig(level=level.upper(), handlers=[_BetweenLines(line)], format="%(levelname)s %(message)s")
    # At debug level these log requests with their headers, and the compiler's every step.
    for name in ("aiohttp", "asyncio", "numba"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # And these write tracebacks of what is told in a sentence, with addresses that may hold a key.
    for name in ("mcp", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
