"""Stops and starts the stream of a speaker that rests: one thread at a time, also where one hangs in the library.

PortAudio lets only one thread into a stream: one that is closed while it is being started is used after it is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class SpeakerSwitch:
    """The switch of one stream, which runs at first.

    Example:
        >>> switch = SpeakerSwitch()
        >>> switch.off(stream.abort)
        >>> switch.on(stream.start)
        >>> close_within(switch.last(stream.close), keep_alive=stream)
    """

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self.is_off = False
        """From before it is stopped until after it is started."""

    def off(self, stop: Callable[[], None]) -> None:
        """Stop it."""
        with self._one_at_a_time:
            self.is_off = True
            stop()

    def on(self, start: Callable[[], None]) -> None:
        """Start it again; nothing where it runs."""
        with self._one_at_a_time:
            if self.is_off:
                start()
                self.is_off = False

    def last(self, close: Callable[[], None]) -> Callable[[], None]:
        """What closes it, after whatever is under way."""

        def close_alone() -> None:
            with self._one_at_a_time:
                close()

        return close_alone
