"""`voice bench echo`: the chain of a session in a room, without the optional libraries and with no rival."""

from __future__ import annotations

import pytest

from benchmarks.cases import echo
from benchmarks.registry import BENCHMARKS
from benchmarks.rigs import cancellers
from benchmarks.signals import echo_quality, room
from engine.audio.processing.chain import Chain


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (room, cancellers, echo_quality):
        monkeypatch.setattr(module, "find_rival", lambda _: None)


def test_the_chain_cancels_the_echo_finds_the_path_and_leaves_the_person() -> None:
    (case,) = BENCHMARKS["echo"].cases(rooms_ms=[200])
    result = case.measure(case.seconds(quick=False))
    extra = result.extra
    assert (result.case, extra["room"], extra["missing"]) == ("echo/200ms", "synthetic", ["livekit", "speexdsp"])
    assert extra["path_ms"] == pytest.approx(80.0, abs=1.0)
    assert extra["erle_db"] >= 25.0
    assert extra["after_jump_db"] >= 20.0
    assert extra["reconverged_s"] <= 5.0
    assert 0.0 < extra["near_loss_db"] <= 6.0
    assert extra["stoi"] is None
    assert 0 < result.ours.p50 < 10e6


def test_a_chain_that_does_nothing_has_no_erle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "ours", lambda: Chain([]))
    extra = BENCHMARKS["echo"].cases(quick=True)[0].measure(0.1).extra
    assert (extra["erle_db"], extra["near_loss_db"], extra["added_ms"]) == (0.0, pytest.approx(0.0, abs=1.5), 0.0)
    assert extra["converged_s"] is None
