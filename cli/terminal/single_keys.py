"""Single keys from the terminal, one after the other, for a list; the terminal is as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from cli.terminal.key_parser import KeyParser, KeyStroke, Named

_ALSO = {"k": Named.UP, "j": Named.DOWN, "q": Named.ESCAPE}
"""Letters that stand for other keys, as in vi."""


class Keys(Protocol):
    """A source of keys."""

    def next(self, timeout_s: float) -> Named | str | None:
        """The next key or character; None where none is pressed in time."""

    def discard(self) -> None:
        """Forget what was pressed so far: nothing was shown yet that it could mean."""


if sys.platform == "win32":
    import msvcrt

    _POLL_S = 0.02
    _ARROWS = {"H": Named.UP, "P": Named.DOWN}

    class _WindowsKeys:
        def next(self, timeout_s: float) -> Named | str | None:
            """The next key or character; None where none is pressed in time."""
            deadline_s = time.monotonic() + timeout_s
            while not msvcrt.kbhit():
                if time.monotonic() >= deadline_s:
                    return None
                time.sleep(_POLL_S)
            character = msvcrt.getwch()
            if character in ("\x00", "\xe0"):
                return _ARROWS.get(msvcrt.getwch(), "")
            if character == "\x03":
                raise KeyboardInterrupt
            return next(iter(pressed(KeyParser(), character.encode("utf-8", "replace"))), "")

        def discard(self) -> None:
            """Forget what was pressed so far."""
            while msvcrt.kbhit():
                msvcrt.getwch()

    @contextlib.contextmanager
    def terminal_keys() -> Iterator[Keys]:
        """Read keys one by one until the block ends."""
        yield _WindowsKeys()

else:
    import select
    import termios
    import tty

    _REST_OF_SEQUENCE_S = 0.05
    """Wait after a lone escape, which is the key itself or, on a slow line, the first byte of an arrow."""

    class _TerminalKeys:
        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor
            self._stream = KeyParser()
            self._waiting: deque[Named | str] = deque()

        def next(self, timeout_s: float) -> Named | str | None:
            """The next key or character; None where none is pressed in time."""
            if not self._waiting and self._readable(timeout_s):
                data = os.read(self._descriptor, 64)
                if data == b"\x1b" and self._readable(_REST_OF_SEQUENCE_S):
                    data += os.read(self._descriptor, 64)
                self._waiting.extend(pressed(self._stream, data))
            return self._waiting.popleft() if self._waiting else None

        def discard(self) -> None:
            """Forget what was pressed so far."""
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
            self._waiting.clear()

        def _readable(self, timeout_s: float) -> bool:
            return bool(select.select([self._descriptor], [], [], timeout_s)[0])

    @contextlib.contextmanager
    def terminal_keys() -> Iterator[Keys]:
        """Read keys one by one until the block ends."""
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor)
        try:
            yield _TerminalKeys(descriptor)
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def pressed(stream: KeyParser, data: bytes) -> list[Named | str]:
    """The keys in what a terminal sent, after which nothing more comes for a while; Escape where the terminal is gone.

    Example:
        >>> pressed(KeyParser(), b"1\\x1b[B\\r")
        ['1', <Named.DOWN: 2>, <Named.ENTER: 3>]
    """
    if not data:
        return [Named.ESCAPE]
    strokes = [stroke for stroke in (*stream.feed(data), *stream.settle()) if isinstance(stroke, KeyStroke)]
    return [_ALSO.get(str(stroke.key), stroke.key) for stroke in strokes]
