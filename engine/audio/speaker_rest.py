"""When the speaker stands still: after nobody was answered for a while, until somebody speaks.

A state machine without I/O and without a clock. A speaker that plays silence wakes two threads a hundred times a
second: a third of what an idle session costs. Started again it takes its first block within a millisecond on ALSA (7 at
worst in 3000 starts), and whoever speaks is answered a good second later.

    RUNS --nobody was answered for long--> FALLS --stopped--> RESTS --somebody speaks--> WAKES --started--> RUNS
                                             `---------------somebody speaks---------------^
"""

from __future__ import annotations

from enum import Enum, auto

REST_AFTER_S = 10.0
"""Some screens and headsets take half a second to hear a stream that begins: in a lively conversation none does."""


class _State(Enum):
    RUNS = auto()
    FALLS = auto()
    RESTS = auto()
    WAKES = auto()


class SpeakerRest:
    """Decides for one stream.

    Example:
        >>> rest = SpeakerRest(after_s=10.0)
        >>> rest.began(0.0)
        >>> rest.begins(needed=False, now_s=10.0)
        True
        >>> rest.stopped()
        >>> rest.ends(needed=True)
        True
    """

    def __init__(self, after_s: float | None) -> None:
        """Let the speaker rest after so long; None for never."""
        self._after_s = after_s
        self.began(0.0)

    def began(self, now_s: float) -> None:
        """Note that the speaker runs, from now on."""
        self._state, self._needed_at_s = _State.RUNS, now_s

    def stopped(self) -> None:
        """Note that it stands still, unless somebody has spoken since."""
        if self._state is _State.FALLS:
            self._state = _State.RESTS

    @property
    def goes_on(self) -> bool:
        """True where nobody may expect blocks of the speaker."""
        return self._state is not _State.RUNS

    @property
    def is_changing(self) -> bool:
        """True while the speaker is being stopped or started."""
        return self._state in (_State.FALLS, _State.WAKES)

    def begins(self, *, needed: bool, now_s: float) -> bool:
        """Whether the speaker is to be stopped now; `stopped` answers it."""
        if self._state is not _State.RUNS or self._after_s is None:
            return False
        if needed:
            self._needed_at_s = now_s
        elif now_s - self._needed_at_s >= self._after_s:
            self._state = _State.FALLS
        return self._state is _State.FALLS

    def ends(self, *, needed: bool) -> bool:
        """Whether the speaker is to be started now; `began` answers it."""
        if not needed or self._state not in (_State.FALLS, _State.RESTS):
            return False
        self._state = _State.WAKES
        return True
