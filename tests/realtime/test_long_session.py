"""A session of an hour, and of a day, with a fault a minute, in virtual time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_FLAT_MB = 5.0


@pytest.mark.parametrize("hours", [1, pytest.param(24, marks=[pytest.mark.long, pytest.mark.timeout(60 + 120 * 24)])])
def test_a_session_with_a_fault_a_minute_ends_clean_and_its_memory_is_flat(hours: int) -> None:
    command = [sys.executable, "-m", "tests.realtime.long_session", str(hours)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert not run.stderr
    figures = json.loads(run.stdout)
    assert figures["error"] == ""
    assert figures["shown"] == []
    assert (figures["tasks_left"], figures["threads_left"]) == (0, 0)
    summary, seen = figures["summary"], figures["seen"]
    assert summary["reason"] == "duration"
    assert summary["duration_s"] == pytest.approx(3600 * hours, abs=1)
    # One connection a minute, a little less often where the fault is a silence that has to be noticed first.
    assert 50 * hours <= sum(figures["faults"].values()) <= 60 * hours
    assert summary["reconnects"] == seen["reconnected"] >= sum(figures["faults"].values()) - 1
    assert seen["reconnecting"] == pytest.approx(summary["reconnects"] + figures["refused"], abs=1)
    assert summary["turns"] >= 3 * 60 * hours
    assert seen["tool.result"] >= 20 * hours
    memory_mb = figures["memory_mb"]
    assert max(memory_mb) - memory_mb[0] <= _FLAT_MB
