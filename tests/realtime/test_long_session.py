"""A session of an hour with a fault a minute, and, where `VOICE_LONG_SESSION_H` asks for it, of a day."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HOURS = float(os.environ.get("VOICE_LONG_SESSION_H", "1"))
"""24 takes some minutes of a core."""
_FLAT_MB = 5.0


@pytest.mark.slow
@pytest.mark.timeout(60 + 120 * HOURS)
def test_a_session_with_a_fault_a_minute_ends_clean_and_its_memory_is_flat() -> None:
    command = [sys.executable, "-m", "tests.realtime.long_session", str(HOURS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert not run.stderr
    figures = json.loads(run.stdout)
    assert figures["error"] == ""
    assert figures["shown"] == []
    assert (figures["tasks_left"], figures["threads_left"]) == (0, 0)
    summary, seen = figures["summary"], figures["seen"]
    assert summary["reason"] == "duration"
    assert summary["duration_s"] == pytest.approx(3600 * HOURS, abs=1)
    # One connection a minute, a little less often where the fault is a silence that has to be noticed first.
    assert 50 * HOURS <= sum(figures["faults"].values()) <= 60 * HOURS
    assert summary["reconnects"] == seen["reconnected"] >= sum(figures["faults"].values()) - 1
    assert seen["reconnecting"] == pytest.approx(summary["reconnects"] + figures["refused"], abs=1)
    assert summary["turns"] >= 3 * 60 * HOURS
    assert seen["tool.result"] >= 20 * HOURS
    memory_mb = figures["memory_mb"]
    assert max(memory_mb) - memory_mb[0] <= _FLAT_MB
