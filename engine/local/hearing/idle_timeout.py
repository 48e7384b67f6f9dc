"""Idle timeout: the time the user has said nothing since an answer was played, for a session's `idle_timeout_ms`."""

from __future__ import annotations


class IdleTimeout:
    """Time is the audio that came in, as all of a session's times are.

    Example:
        >>> idle_timeout = IdleTimeout()
        >>> idle_timeout.answered(2000)
        >>> idle_timeout.since(7100, timeout_ms=5000)
        2000
    """

    def __init__(self) -> None:
        self._now_ms = 0
        self._played_at_ms: int | None = None

    def answered(self, audio_ms: int) -> None:
        """Learn that an answer of this length was sent: when it has been played, it is the user's turn."""
        self._played_at_ms = self._now_ms + audio_ms

    def spoken(self) -> None:
        """Learn that the user began to speak."""
        self._played_at_ms = None

    def since(self, now_ms: int, timeout_ms: int | None) -> int | None:
        """Return when the user became idle where that is too long ago, once; else None."""
        self._now_ms, since_ms = now_ms, self._played_at_ms
        if since_ms is None or timeout_ms is None or now_ms < since_ms + timeout_ms:
            return None
        self._played_at_ms = None
        return since_ms
