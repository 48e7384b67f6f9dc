"""Back-off: each wait after a failure is twice the last one, up to a longest; what held for a while begins anew."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

JITTER = 0.25
"""Share of a wait that is left to chance, so that many clients do not come back at once."""


@dataclass(slots=True)
class Backoff:
    """Counts failures and says how long to wait.

    Example:
        >>> backoff = Backoff(first_s=0.5, longest_s=8.0, steady_s=30.0)
        >>> backoff.failed() <= 0.5, backoff.failed() <= 1.0, backoff.failures
        (True, True, 2)
    """

    first_s: float
    longest_s: float
    steady_s: float
    """Time after which a return counts: after a sooner loss the waits go on growing."""
    failures: int = 0
    """In a row."""
    dice: random.Random = field(default_factory=random.Random, repr=False)

    def held(self, duration_s: float) -> None:
        """Note that there was a success which lasted so long."""
        if duration_s >= self.steady_s:
            self.failures = 0

    def failed(self) -> float:
        """Count a failure; return the seconds to wait after it."""
        longest_s = min(self.longest_s, self.first_s * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return longest_s * self.dice.uniform(1 - JITTER, 1)
