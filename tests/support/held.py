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


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"{self.likeness:.4f} alike, {self.gap_ms:g} ms missing in a row, {self.summary}"

    @property
    def likeness(self) -> float:
        """Of what was heard to the answer."""
        return likeness(self.heard, self.reference, self.rate_hz)

    @property
    def gap_ms(self) -> float:
        """The longest in the answer."""
        return longest_gap_ms(self.heard, self.reference, self.rate_hz)

    @property
    def is_whole(self) -> bool:
        """Whether all of the answer was heard, without a gap."""
        return self.likeness >= 0.95 and self.gap_ms <= 20

    @property
    def ran_dry(self) -> bool:
        """Whether the engine itself had nothing to play in the middle of the answer."""
        return bool(self.summary["playback"]["underruns"])

    @property
    def server_was_late(self) -> bool:
        """Whether the sound server reported blocks that came too late."""
        return bool(self.summary["xruns"] > self.summary["playback"]["underruns"])


def held_whole(hold: Callable[[], Held], *, is_busy: bool = False) -> Held:
    """Hold a conversation; a second time where the sound server lost some of the answer, and the engine did not.

    Args:
        hold: Does it.
        is_busy: The machine is kept busy on purpose: the server is not asked for a report then. ALSA's plugin for
            PulseAudio reports few of its losses, and the recorder's are nobody's.
    """
    held = hold()
    if held.is_whole or held.ran_dry or not (is_busy or held.server_was_late):
        return held
    return hold()
