"""When a session is moved to a new connection: before the server's limit for a session, between two turns."""

from __future__ import annotations

_EARLIEST_SHARE, _EARLIEST_S = 0.1, 300.0
_LATEST_SHARE, _LATEST_S = 0.02, 20.0
LEAST_LEFT_S = 60.0
"""A server's word that less is left is not believed: its clock and ours may differ, and a session that moves on all the
time is worse than one that is ended once."""


class Rotation:
    """The window before a limit in which a pause of the conversation is used, and its end, when nothing is waited for.

    Example:
        >>> rotation = Rotation(limit_s=3600)
        >>> rotation.begins_after_s, rotation.ends_after_s
        (3300.0, 3580.0)
    """

    def __init__(self, limit_s: float) -> None:
        """Take how long a session of the server may last, from its beginning."""
        self.begins_after_s = limit_s - min(_EARLIEST_S, _EARLIEST_SHARE * limit_s)
        self.ends_after_s = limit_s - min(_LATEST_S, _LATEST_SHARE * limit_s)
