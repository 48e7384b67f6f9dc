"""Single keys from the terminal, without waiting for the end of a line; the terminal is as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Protocol


class Key(Enum):
    """Keys that are no character."""

    UP = "up"
    DOWN = "down"
    ENTER = "enter"
    CANCEL = "cancel"


class Keys(Protocol):
    """Where keys come from."""

    def next(self, timeout_s: float) -> Key | str | None:
        """The next key or character; None where none is pressed in time."""
        ...

    def discard(self) -> None:
        """Forget what was pressed so far: nothing was shown yet that it could mean."""
        ...


_SEQUENCES = {b"\x1b[A": Key.UP, b"\x1bOA": Key.UP, b"\x1b[B": Key.DOWN, b"\x1bOB": Key.DOWN}
_CHARACTERS = {"k": Key.UP, "j": Key.DOWN, "\r": Key.ENTER, "\n": Key.ENTER, "q": Key.CANCEL, "\x1b": Key.CANCEL}
_ESCAPE = b"\x1b"
_ONE_KEY = re.compile(rb"\x1b[\[O][^A-Za-z~]*[A-Za-z~]?|.", re.DOTALL)
_REST_OF_SEQUENCE_S = 0.05
"""After an escape that came alone: the key itself, or the first byte of an arrow on a slow line."""

if sys.platform == "win32":
    import msvcrt

    _LOOK_S = 0.02
    _ARROWS = {"H": Key.UP, "P": Key.DOWN}

    class _WindowsKeys:
        def next(self, timeout_s: float) -> Key | str | None:
            """The next key or character; None where none is pressed in time."""
            deadline_s = time.monotonic() + timeout_s
            while not msvcrt.kbhit():
                if time.monotonic() >= deadline_s:
                    return None
                time.sleep(_LOOK_S)
            character = msvcrt.getwch()
            if character in ("\x00", "\xe0"):
                return _ARROWS.get(msvcrt.getwch(), "")
            if character == "\x03":
                raise KeyboardInterrupt
            return _CHARACTERS.get(character, character)

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

    class _TerminalKeys:
        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor
            self._waiting: deque[Key | str] = deque()

        def next(self, timeout_s: float) -> Key | str | None:
            """The next key or character; None where none is pressed in time."""
            if not self._waiting and self._readable(timeout_s):
                data = os.read(self._descriptor, 64)
                if data == _ESCAPE and self._readable(_REST_OF_SEQUENCE_S):
                    data += os.read(self._descriptor, 64)
                self._waiting.extend(parse_keys(data))
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


def parse_keys(data: bytes) -> Iterator[Key | str]:
    """The keys in what a terminal sent; the end of the input is a cancellation, unknown sequences are nothing.

    Example:
        >>> list(parse_keys(b"1\\x1b[B\\r"))
        ['1', <Key.DOWN: 'down'>, <Key.ENTER: 'enter'>]
    """
    if not data:
        yield Key.CANCEL
    for found in _ONE_KEY.findall(data):
        if len(found) > 1:
            if found in _SEQUENCES:
                yield _SEQUENCES[found]
        else:
            yield _CHARACTERS.get(chr(found[0]), chr(found[0]))
