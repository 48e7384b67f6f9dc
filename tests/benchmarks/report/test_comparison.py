"""What counts as a change between two runs: more than chance, more than the machine's own, and more than a trifle."""

from __future__ import annotations

import random
from typing import Any

import pytest

from benchmarks.report.comparison import Change, Comparison, Judgement, compare
from benchmarks.report.document import Document
from benchmarks.report.results import Quantiles, Result
from benchmarks.report.significance import by_samples
from benchmarks.timing import quantiles
from cli.bench.words import remarks, share_moved

HERE = {"cpu": "one", "cores": 2}


def _compared(before: Result, now: Result) -> list[Change]:
    return list(compare("old", Document(HERE, (before,)), Document(HERE, (now,))).changes)


def _timed(p50: float, p99: float, **peers: float) -> Result:
    rivals = {name: Quantiles(value, 1.1 * value) for name, value in peers.items()}
    return Result("dsp", "dsp/x", "ns", Quantiles(p50, p99), rivals)


def _sampled(samples: list[float]) -> Result:
    return Result("session", "session/turn", "ms", quantiles(samples), extra={"samples": samples})


def _played(lost_blocks: int, **extra: Any) -> Result:
    values = {"broken_ms": 10.0 * lost_blocks, "block_ms": 10.0, "expected": 2000, **extra}
    return Result("callback", "callback/x/idle/480", "ms", Quantiles(10.0, 11.0), extra=values)


def _normal(middle: float, count: int, seed: int) -> list[float]:
    dice = random.Random(seed)
    return [dice.gauss(middle, 1.0) for _ in range(count)]


@pytest.mark.parametrize(
    ("now", "judgement"),
    [(100.0, Judgement.SAME), (109.0, Judgement.SAME), (150.0, Judgement.WORSE), (60.0, Judgement.BETTER)],
)
def test_a_median_has_to_move_further_than_both_runs_spread(now: float, judgement: Judgement) -> None:
    (change,) = _compared(_timed(100.0, 110.0), _timed(now, now + 10.0))
    assert change.judgement is judgement


def test_a_wide_spread_hides_a_change_that_a_narrow_one_shows() -> None:
    assert _compared(_timed(100.0, 101.0), _timed(120.0, 121.0))[0].judgement is Judgement.WORSE
    assert _compared(_timed(100.0, 180.0), _timed(120.0, 200.0))[0].judgement is Judgement.SAME


def test_what_slowed_the_rivals_down_as_well_was_the_machine() -> None:
    (change,) = _compared(_timed(100.0, 101.0, numpy=1000.0), _timed(200.0, 202.0, numpy=2000.0))
    assert change.machine == 2.0
    assert change.judgement is Judgement.SAME
    (change,) = _compared(_timed(100.0, 101.0, numpy=1000.0), _timed(200.0, 202.0, numpy=1000.0))
    assert change.judgement is Judgement.WORSE
    assert share_moved(change) == "+100 %"


def test_a_trifle_is_no_change_however_certain() -> None:
    assert _compared(_timed(100.0, 100.0), _timed(102.0, 102.0))[0].judgement is Judgement.SAME


def test_samples_of_the_same_thing_do_not_differ_and_shifted_ones_do() -> None:
    same = _compared(_sampled(_normal(20.0, 200, 1)), _sampled(_normal(20.0, 200, 2)))
    assert {change.figure for change in same} == {"p50", "p99"}
    assert all(change.judgement is Judgement.SAME for change in same)
    moved = _compared(_sampled(_normal(20.0, 200, 1)), _sampled(_normal(23.0, 200, 2)))
    assert all(change.judgement is Judgement.WORSE for change in moved)


def test_chance_calls_few_of_many_equal_runs_moved() -> None:
    wrong = 0
    for seed in range(60):
        one, other = _normal(20.0, 100, 2 * seed), _normal(20.0, 100, 2 * seed + 1)
        gap = abs(quantiles(one).p50 - quantiles(other).p50)
        wrong += gap > by_samples(one, other, 50)
    assert wrong <= 4


def test_more_samples_leave_less_to_chance() -> None:
    few, many = _normal(20.0, 40, 1), _normal(20.0, 4000, 1)
    assert by_samples(many, many, 50) < by_samples(few, few, 50)


@pytest.mark.parametrize(
    ("before", "now", "judgement"),
    [
        (0, 0, Judgement.SAME),
        (0, 2, Judgement.SAME),
        (0, 100, Judgement.WORSE),
        (800, 700, Judgement.SAME),
        (800, 0, Judgement.BETTER),
    ],
)
def test_lost_blocks_are_compared_as_counts(before: int, now: int, judgement: Judgement) -> None:
    (change,) = _compared(_played(before), _played(now))
    assert (change.figure, change.judgement) == ("broken", judgement)


def test_runs_of_other_lengths_are_compared_by_what_they_lost_in_the_same_time() -> None:
    (change,) = _compared(_played(800), _played(80, expected=200))
    assert change.now == change.before


def test_the_middle_of_gaps_is_not_compared_since_less_is_not_better() -> None:
    kept = [10.0] * 50
    figures = [change.figure for change in _compared(_played(0, gap_ms=kept), _played(0, gap_ms=kept))]
    assert figures == ["broken", "p99"]


def test_cases_without_a_counterpart_are_named() -> None:
    old = Document(HERE, (_timed(1, 1), Result("dsp", "dsp/gone", "ns", Quantiles(1, 1)), _sampled([1.0] * 20)))
    now = Document({"cpu": "other", "cores": 8}, (_timed(1, 1), Result("dsp", "dsp/new", "ns", Quantiles(1, 1))))
    comparison = compare("old", old, now)
    assert (comparison.new, comparison.gone, comparison.not_run) == (("dsp/new",), ("dsp/gone",), ("session",))
    said = "\n".join(remarks(comparison))
    assert "another machine: one, 2 cores" in said
    assert all(words in said for words in ("New cases: dsp/new.", "Gone cases: dsp/gone.", "this time: session."))
    assert Judgement.SAME in said


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [(True, False, "was a quick one and this is a full"), (False, True, "was a full one and this is a quick")],
)
def test_a_quick_run_beside_a_full_one_is_said(before: bool, now: bool, words: str) -> None:
    old, new = (Document(HERE, (_timed(1, 1),), quick) for quick in (before, now))
    assert words in " ".join(remarks(compare("old", old, new)))
    unknown = Document(HERE, (_timed(1, 1),))
    for other, this in ((old, old), (unknown, new)):
        assert "quick" not in " ".join(remarks(compare("old", other, this)))


def test_nothing_in_common_is_no_error() -> None:
    comparison = compare("old", Document(HERE, ()), Document(HERE, (_timed(1, 1),)))
    assert comparison == Comparison("old", (), ("dsp/x",), (), ())
