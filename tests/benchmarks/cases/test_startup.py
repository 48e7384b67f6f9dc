"""`voice bench startup`: a client's costs, and what cannot be measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.cases import startup
from benchmarks.rigs import startup_client
from engine.audio.types import StreamRequest
from engine.errors import StreamLostError

pytestmark = pytest.mark.timing


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process takes")
def test_a_client_has_costs_of_its_own_and_says_how_much_it_played() -> None:
    result = startup_client.measure(StreamRequest(), 4.0, backend_name="virtual")
    assert result.extra["backend"] == "virtual"
    assert result.extra["answer_s"] == 2.5
    assert 50 <= result.ours.p50 < 60_000
    assert 10 < result.extra["private_dirty_mb"] < result.extra["peak_rss_mb"] < 4000


def test_where_the_system_does_not_tell_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(startup_client, "_PROC", tmp_path)
    with pytest.raises(StreamLostError, match="/proc"):
        startup_client.measure(StreamRequest(), 4.0)


def test_a_program_that_ends_before_its_line_came_is_an_error() -> None:
    with pytest.raises(StreamLostError, match="`voice run --provider nobody` ended too soon"):
        startup._until("ready", "never said", ("-m", "cli.main", "run", "--provider", "nobody"), 0.0)
