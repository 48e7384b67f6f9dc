"""Timing: figures of the same run, in turns, with the collector at rest."""

from __future__ import annotations

import gc
from collections import Counter
from functools import partial

import pytest

from benchmarks.timing import interleaved, quantiles

pytestmark = pytest.mark.timing


def test_a_hundred_times_the_work_takes_clearly_longer() -> None:
    def work(times: int) -> int:
        return sum(range(1000 * times))

    figures = interleaved({"little": lambda: work(1), "much": lambda: work(100)}, 0.05)
    assert figures["much"].p50 > 10 * figures["little"].p50
    assert 0 < figures["little"].p50 <= figures["little"].p99


def test_every_function_gets_as_many_samples_and_each_leads_in_turn() -> None:
    order: list[str] = []
    interleaved({name: partial(order.append, name) for name in "abc"}, 0.0, calls=1, least_rounds=6)
    assert Counter(order) == {"a": 6, "b": 6, "c": 6}
    assert order[::3] == ["a", "b", "c", "a", "b", "c"]


def test_the_collector_rests_and_comes_back_even_after_a_failure() -> None:
    seen: list[bool] = []
    interleaved({"look": lambda: seen.append(gc.isenabled())}, 0.0)
    assert seen
    assert not any(seen)

    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interleaved({"fail": fail}, 0.0)
    assert gc.isenabled()


def test_quantiles() -> None:
    found = quantiles([float(number) for number in range(101)])
    assert (found.p50, found.p99) == (50.0, 99.0)
