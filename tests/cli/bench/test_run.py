"""Running cases: the time, what is kept on Ctrl+C, and what cannot be measured."""

from __future__ import annotations

import io
import os
import signal

import pytest

from benchmarks.case import Case, Interrupted
from benchmarks.report.results import Quantiles, Result
from cli.bench.run import _status, run_cases, time_text
from engine.errors import NoDeviceError


def _result(name: str) -> Result:
    return Result("x", name, "ms", Quantiles(1.0, 1.0))


def _case(name: str, seconds: float = 1.0) -> Case:
    return Case(name, lambda _: _result(name), full_s=seconds)


def test_the_plan_is_told_for_as_long_as_it_can_be_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.bench.run.time.monotonic", lambda: 130.0)
    assert _status("  1 of 4: turn", 100.0, 64.0) == "  1 of 4: turn, 30 s of about 1 min 4 s"
    assert _status("  1 of 4: turn", 60.0, 64.0) == "  1 of 4: turn, 1 min 10 s"


def test_a_pipe_gets_no_line_for_a_case_that_succeeds() -> None:
    out = io.StringIO()
    measured = run_cases([_case("a"), _case("b")], quick=False, out=out)
    assert len(measured.results) == 2
    assert out.getvalue() == ""


def test_what_cannot_be_measured_is_told_and_left_out() -> None:
    def fail(_: float) -> Result:
        raise NoDeviceError("This system has no output device.")

    out = io.StringIO()
    measured = run_cases([Case("a", fail), _case("b")], quick=False, out=out)
    assert [result.case for result in measured.results] == ["b"]
    assert [type(error) for error in measured.left_out] == [NoDeviceError]
    assert not measured.is_interrupted
    assert "  a left out: This system has no output device." in out.getvalue()


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
    assert [result.case for result in measured.results] == ["a", "half"]
    assert measured.is_interrupted


def test_times_are_written_for_people() -> None:
    assert [time_text(seconds) for seconds in (0.4, 59.4, 60.0, 192.4)] == ["0 s", "59 s", "1 min 0 s", "3 min 12 s"]
