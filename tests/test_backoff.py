"""Waits between attempts."""

from __future__ import annotations

import random

from engine.backoff import JITTER, Backoff


def test_waits_double_up_to_the_longest_and_begin_anew_after_what_held() -> None:
    backoff = Backoff(0.5, 4.0, 30.0, dice=random.Random(1))
    nominal_s = [0.5, 1.0, 2.0, 4.0, 4.0]
    for longest_s, wait_s in zip(nominal_s, [backoff.failed() for _ in nominal_s], strict=True):
        assert longest_s * (1 - JITTER) <= wait_s <= longest_s
    backoff.held(29.9)
    assert (backoff.failed() > 2.0, backoff.failures) == (True, 6)
    backoff.held(30.0)
    assert (backoff.failed() <= 0.5, backoff.failures) == (True, 1)
    backoff.failures = 100_000
    assert backoff.failed() <= 4.0
