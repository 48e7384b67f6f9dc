"""Writes a recording in a thread of its own, so that no disk ever holds up a session; what it can't take is counted."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

_MOST_WAITING, _MOST_WAITING_BYTES = 4000, 64 << 20
"""Jobs: half a minute of a talkative session; and what a server that sends faster than the disk writes may fill."""
_LAST_S = 10.0
"""Longest wait for the disk at the end of a session."""

Job = Callable[[], None]


class Writer:
    """Does jobs in their order, until one fails."""

    def __init__(self, on_drop: Callable[[int], None], on_failure: Callable[[Exception], None]) -> None:
        """Start the thread.

        Args:
            on_drop: Called in the thread, before the next job, with how many were dropped before it.
            on_failure: Called in the thread with what ended it.
        """
        self._jobs: queue.SimpleQueue[tuple[Job, int] | None] = queue.SimpleQueue()
        # Each is counted up by one thread only.
        self._put_bytes = self._done_bytes = 0
        self._on_drop = on_drop
        self._on_failure = on_failure
        self._ended = False
        self.dropped = 0
        """Jobs for which there was no room."""
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    def put(self, job: Job, size_bytes: int = 0) -> None:
        """Have something of so many bytes written; never waits, and does nothing once the disk has failed."""
        if self._ended:
            return
        waiting_bytes = self._put_bytes - self._done_bytes
        if self._jobs.qsize() >= _MOST_WAITING or waiting_bytes + size_bytes > _MOST_WAITING_BYTES:
            self.dropped += 1
            return
        self._jobs.put((job, size_bytes))
        self._put_bytes += size_bytes

    def close(self, last: Job) -> bool:
        """Wait until all is written; False where the disk takes too long.

        Args:
            last: A job that is never dropped, and is done however late unless an earlier one has failed.
        """
        self._jobs.put((last, 0))
        self._jobs.put(None)
        self._thread.join(_LAST_S)
        return not self._thread.is_alive()

    def _work(self) -> None:
        told = 0
        while (entry := self._jobs.get()) is not None:
            job, size_bytes = entry
            self._done_bytes += size_bytes
            if self._ended:
                continue
            try:
                if self.dropped > told:
                    told, lately = self.dropped, self.dropped - told
                    self._on_drop(lately)
                job()
            except Exception as error:  # whatever it is, the session goes on and is told
                self._ended = True
                self._on_failure(error)
