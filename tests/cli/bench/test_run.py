"""Running cases: the time left, what is kept on Ctrl+C, and what cannot be measured."""

from __future__ import annotations

import io
import os
import signal

from benchmarks.case import Case, Interrupted
from benchmarks.report.results import Quantiles, Result
from cli.bench.run import Progress, run_cases, time_text
from engine.errors import NoDeviceError


def _result(name: str) -> Result:
    return Result("x", name, "ms", Quantiles(1.0, 1.0))


def _case(name: str, seconds: float = 1.0) -> Case:
    return Case(name, lambda _: _result(name), full_s=seconds)


def test_the_time_left_follows_how_long_the_cases_before_really_took() -> None:
    now_s = 100.0
    progress = Progress([10.0, 10.0, 20.0], clock=lambda: now_s)
    assert progress.left_s == 40.0
    now_s += 15.0
    progress.finish_case()
    assert progress.left_s == 45.0
    now_s += 5.0
    progress.finish_case()
    assert progress.left_s == 20.0


def test_the_time_left_goes_down_within_a_case_and_not_below_what_follows() -> None:
    now_s = 100.0
    progress = Progress([64.0, 10.0], clock=lambda: now_s)
    now_s += 30.0
    assert progress.left_s == 44.0
    now_s += 50.0
    assert progress.left_s == 10.0


def test_what_cannot_be_measured_is_told_and_left_out() -> None:
    def fail(_: float) -> Result:
        raise NoDeviceError("This system has no output device.")

    out = io.StringIO()
    measured = run_cases([Case("a", fail), _case("b")], quick=False, out=out)
    assert [result.case for result in measured.results] == ["b"]
    assert [type(error) for error in measured.left_out] == [NoDeviceError]
    assert not measured.is_interrupted
    assert "left out: This system has no output device." in out.getvalue()


def test_ctrl_c_keeps_the_cases_before_and_what_a_long_case_had() -> None:
    def interrupt(_: float) -> Result:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise Interrupted([_result("half")]) from None
        return _result("whole")

    out = io.StringIO()
    cases = [_case("a"), Case("b", interrupt), _case("c")]
    measured = run_cases(cases, quick=False, out=out)
    assert len(out.getvalue().splitlines()) == 2
    assert [result.case for result in measured.results] == ["a", "half"]
    assert measured.is_interrupted


def test_times_are_written_for_people() -> None:
    assert [time_text(seconds) for seconds in (0.4, 59.4, 60.0, 192.4)] == ["0 s", "59 s", "1 min 0 s", "3 min 12 s"]
