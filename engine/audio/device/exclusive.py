"""Permission to restart an audio library that belongs to the whole process.

PortAudio shows devices that were plugged in later only after it was restarted, and that ends every stream in the
process. The engine never does it under a stream of its own; whether others use the library, only the program knows.
"""

from __future__ import annotations

_allowed = False


def allow_restarts() -> None:
    """Say that this program opens no stream but through the engine.

    Example:
        >>> allow_restarts()  # a session may now follow a device that was plugged in after the program's start
    """
    global _allowed  # noqa: PLW0603 - of the process, as the libraries are
    _allowed = True


def restarts_are_allowed() -> bool:
    """Return whether the program has called `allow_restarts`."""
    return _allowed
