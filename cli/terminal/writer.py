"""Writing that never waits: a thread passes text on to a terminal, pipe or file, which may take nothing for hours."""

from __future__ import annotations

import io
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

MOST_BYTES = 4 << 20
"""Text that waits for a stream that takes none: hours of a conversation, or a minute of its events."""


class BackgroundWriter:
    """Writes to a stream in a thread; a stream without a file descriptor, as tests use, is written to at once.

    The thread uses the stream's raw file: one that hangs in the buffered one would hold its lock when Python ends.

    Example:
        >>> import io
        >>> out = io.StringIO()
        >>> writer = BackgroundWriter(out)
        >>> writer.write("hello")
        >>> writer.close()
        >>> out.getvalue()
        'hello'
    """

    def __init__(self, out: TextIO, failed: Callable[[OSError], object] | None = None) -> None:
        """Prepare; the thread is started by the first text.

        Args:
            out: Where to.
            failed: Called once, in the thread, with what the stream refuses to take any more text with.
        """
        self._out = out
        self._raw = _raw_file(out)
        self._failed = failed
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self.error: OSError | None = None
        self.dropped = 0
        """Texts that found no room in the queue, or no stream to take them."""

    def write(self, text: str) -> None:
        """Queue a text, or drop and count it where too much waits already."""
        if self._raw is None:
            self._out.write(text)
            self._out.flush()
            return
        data = text.encode(self._out.encoding or "utf-8", self._errors())
        with self._changed:
            if self._closing or self.error is not None or self._queued_bytes + len(data) > MOST_BYTES:
                self.dropped += 1
                return
            self._queue.append(data)
            self._queued_bytes += len(data)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._write_all, args=(self._raw,), name="voice-writer", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Do nothing: every text is given to the thread at once."""

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._out.isatty()

    def fileno(self) -> int:
        """Return the stream's file descriptor, or raise what it raises."""
        return self._out.fileno()

    @property
    def is_behind(self) -> bool:
        """Whether the stream has not taken everything yet: what is drawn anew all the time can wait."""
        return self._queued_bytes > 0

    def drain(self, patience_s: float | None = None) -> None:
        """Wait until everything is written.

        Args:
            patience_s: How long the stream may take nothing; None waits as long as it exists.
        """
        with self._changed:
            waiting = -1
            while self._queued_bytes != waiting:
                waiting = self._queued_bytes
                self._changed.wait_for(self._made_progress_since(waiting), patience_s)

    def close(self, patience_s: float | None = None) -> None:
        """Drain, then end the thread; one whose stream takes nothing is left behind."""
        self.drain(patience_s)
        with self._changed:
            self._closing = True
            self.dropped += len(self._queue)
            self._queue.clear()
            self._changed.notify_all()

    def _made_progress_since(self, queued_bytes: int) -> Callable[[], bool]:
        return lambda: self._queued_bytes != queued_bytes or not queued_bytes

    def _errors(self) -> str:
        """A character that the stream's encoding lacks is replaced; what its user chose otherwise stands."""
        errors = getattr(self._out, "errors", None)
        return "replace" if errors in (None, "strict") else errors

    def _write_all(self, raw: io.RawIOBase) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return
                data = self._queue[0]
            try:
                written = raw.write(data)
                if written is None:  # somebody made the descriptor non-blocking
                    select.select([], [raw.fileno()], [])
            except OSError as error:
                self._give_up(error)
                return
            with self._changed:
                if not self._queue:  # closed meanwhile
                    return
                self._queued_bytes -= written or 0
                if written == len(data):
                    self._queue.popleft()
                else:
                    self._queue[0] = data[written or 0 :]
                self._changed.notify_all()

    def _give_up(self, error: OSError) -> None:
        with self._changed:
            self.error = error
            self.dropped += len(self._queue)
            self._queue.clear()
            self._queued_bytes = 0
            self._changed.notify_all()
        if self._failed is not None:
            self._failed(error)


def _raw_file(out: TextIO) -> io.RawIOBase | None:
    """The unbuffered file below a text stream, after what the stream holds; None where there is none."""
    buffer = getattr(out, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if not isinstance(raw, io.RawIOBase):
        return None
    out.flush()
    return raw
