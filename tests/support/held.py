"""A conversation that is over, and whether its answer was heard whole; once, a loss of the sound server is forgiven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tests.support.hearing import Signal, likeness, longest_gap_ms


class Told(Protocol):
    """What a process told of its conversation, such as a `VoiceProcess`."""

    events: list[dict[str, Any]]
    shown: str

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Every event of a type."""
        ...


@dataclass(frozen=True)
class Held:
    """What was recorded of a conversation, and the answer that must be whole in it."""

    voice: Told
    heard: Signal
    reference: Signal
    rate_hz: int
    cut: Signal = field(default_factory=lambda: np.empty(0, np.float32))
    """The answer before, if it was interrupted."""
    began_at_s: float = 0.0
    """When the recording began, on the clock of `time.monotonic`."""

    @property
    def summary(self) -> dict[str, Any]:
        """The last event."""
        return self.voice.events[-1]

    @property
    def is_whole(self) -> bool:
        """Whether all of the answer was heard, without a gap."""
        return (
            likeness(self.heard, self.reference, self.rate_hz) >= 0.95
            and longest_gap_ms(self.heard, self.reference, self.rate_hz) <= 20
        )

    @property
    def server_lost_sound(self) -> bool:
        """Whether the sound server reported blocks that came too late, while the engine's own ring never ran dry."""
        return bool(self.summary["xruns"] > self.summary["playback"]["underruns"] == 0)


def held_whole(hold: Callable[[], Held]) -> Held:
    """Hold a conversation; a second time where the answer was not whole by the sound server's own account."""
    held = hold()
    return hold() if not held.is_whole and held.server_lost_sound else held
