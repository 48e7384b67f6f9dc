"""Comparison with an older run: what got better or worse, with the noise of both taken into account."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from benchmarks.report.document import Document
from benchmarks.report.results import Result
from benchmarks.report.significance import by_count, by_samples, by_spread

SAMPLES = {"session": "samples", "latency": "round_trips_ms", "callback": "gap_ms"}
"""Under which name of `extra` a benchmark keeps the samples behind its figures."""
LEAST_CHANGE = 0.03
"""Share of the figure: smaller changes matter to nobody, and no two runs of a program are laid out alike in memory."""
_FEWEST_SAMPLES = 10
_SINGLE_NOISE = 0.2
"""Share by which figures that a run has once, such as its use of the processor, may differ by chance."""
_SINGLES = {"idle_cpu_percent": ("idle CPU", "%"), "memory_mb": ("memory", "MB")}
"""By what figure and unit they are called."""


class Judgement(StrEnum):
    """Judgement on a change."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "no difference beyond the noise"


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of one case in both runs; less is better."""

    case: str
    figure: str
    unit: str
    before: float
    now: float
    noise: float
    """Distance at which the two may lie by chance."""
    machine: float = 1.0
    """Slowness of the rivals as a multiple of then: they did not change, so the machine did."""

    @property
    def moved(self) -> float:
        """Growth since then, the machine's own change left out."""
        return self.now - self.before * self.machine

    @property
    def judgement(self) -> Judgement:
        """Whether it moved further than chance does."""
        least = max(self.noise, LEAST_CHANGE * self.before * self.machine)
        if abs(self.moved) <= least:
            return Judgement.SAME
        return Judgement.WORSE if self.moved > 0 else Judgement.BETTER


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side."""

    name: str
    """Name of the older run."""
    changes: tuple[Change, ...]
    new: tuple[str, ...]
    """Cases that only this run has."""
    gone: tuple[str, ...]
    """Cases that only the older run has, of benchmarks that both ran."""
    not_run: tuple[str, ...]
    """Benchmarks that only the older run has."""
    elsewhere: str = ""
    """The older run's machine, if it was another."""
    quick: tuple[bool | None, bool | None] = (None, None)
    """Whether the older run was a quick one, and whether this one is; None where that is not known."""


def compare(name: str, before: Document, now: Document) -> Comparison:
    """Compare every case that both runs have.

    Args:
        name: Name of the older run, for the person.
        before: The older run.
        now: This run.
    """
    old = {result.case: result for result in before.results}
    new = {result.case: result for result in now.results}
    ran = {result.benchmark for result in now.results}
    gone = [result for case, result in old.items() if case not in new]
    machines = [f"{run.machine.get('cpu', '?')}, {run.machine.get('cores', '?')} cores" for run in (before, now)]
    return Comparison(
        name=name,
        changes=tuple(
            change
            for case, result in new.items()
            if case in old and old[case].unit == result.unit
            for change in _changes(old[case], result)
        ),
        new=tuple(case for case in new if case not in old),
        gone=tuple(result.case for result in gone if result.benchmark in ran),
        not_run=tuple(dict.fromkeys(result.benchmark for result in gone if result.benchmark not in ran)),
        elsewhere="" if machines[0] == machines[1] else machines[0],
        quick=(before.quick, now.quick),
    )


def _changes(before: Result, now: Result) -> Iterator[Change]:
    if now.benchmark == "callback":
        yield from _lost(before, now)
    old, new = _samples(before), _samples(now)
    if min(len(old), len(new)) >= _FEWEST_SAMPLES:
        # The middle of the gaps between blocks is the block's length, whatever happens.
        percents = {"session": (50, 99), "latency": (50,), "callback": (99,)}[now.benchmark]
        for percent in percents:
            then, today = (getattr(result.ours, f"p{percent}") for result in (before, now))
            yield Change(now.case, f"p{percent}", now.unit, then, today, by_samples(old, new, percent))
    elif now.benchmark != "callback":
        machine = _machine(before, now)
        noise = max(by_spread(before.ours, now.ours), _spread_of_rivals(before, now) * before.ours.p50)
        yield Change(now.case, "p50", now.unit, before.ours.p50, now.ours.p50, noise, machine)
    for name, (figure, unit) in _SINGLES.items():
        then, today = before.extra.get(name), now.extra.get(name)
        if isinstance(then, int | float) and isinstance(today, int | float):
            yield Change(now.case, figure, unit, then, today, _SINGLE_NOISE * then)


def _lost(before: Result, now: Result) -> Iterator[Change]:
    """The sound a playback lost; blocks are lost by chance, so their number is the measure of the noise."""
    then, today = (result.extra.get("broken_ms") for result in (before, now))
    block_ms = now.extra.get("block_ms") or 0.0
    if isinstance(then, int | float) and isinstance(today, int | float) and block_ms:
        lengths = [_length_ms(result) for result in (before, now)]
        if all(lengths):
            today *= lengths[0] / lengths[1]
        noise = block_ms * by_count(then / block_ms, today / block_ms)
        yield Change(now.case, "broken", "ms", then, today, max(noise, 2 * block_ms))


def _length_ms(result: Result) -> float:
    return float(result.extra.get("expected", 0)) * float(result.extra.get("block_ms", 0.0))


def _samples(result: Result) -> Sequence[float]:
    samples = result.extra.get(SAMPLES.get(result.benchmark, ""), ())
    is_series = isinstance(samples, list) and all(isinstance(sample, int | float) for sample in samples)
    return samples if is_series else ()


def _rivals(before: Result, now: Result) -> list[float]:
    return [
        now.peers[name].p50 / peer.p50
        for name, peer in before.peers.items()
        if name in now.peers and peer.p50 > 0 and now.peers[name].p50 > 0
    ]


def _machine(before: Result, now: Result) -> float:
    """Slowness of the rivals as a multiple of then; 1 where there is none."""
    return statistics.median(_rivals(before, now) or [1.0])


def _spread_of_rivals(before: Result, now: Result) -> float:
    """Disagreement of the rivals about the machine, as a share."""
    return max((abs(one - other) for one, other in pairwise(sorted(_rivals(before, now)))), default=0.0)
