"""`voice bench echo`: the chain of a session in a room, without the optional libraries and with no rival."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cases import echo
from benchmarks.registry import BENCHMARKS
from benchmarks.rigs import cancellers
from benchmarks.signals import echo_quality, room
from benchmarks.signals.room import Signal
from engine.audio.processing.chain import Chain
from engine.audio.types import StreamInfo, StreamRequest, StreamSide
from engine.errors import NoDeviceError


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


PAIR = StreamInfo(
    "test",
    True,
    StreamSide("camera", 48000, 1, 480, 20.0, "ALSA"),
    StreamSide("loudspeaker", 48000, 2, 480, 20.0, "ALSA"),
)


def test_of_named_devices_only_what_needs_no_person_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def record(request: StreamRequest, sound: Signal) -> tuple[Signal, Signal, StreamInfo]:
        assert request.output == "loudspeaker"
        heard = np.asarray(np.random.default_rng(1).standard_normal(sound.size) / 1000, np.float32)
        heard[4800:] += sound[:-4800] / 2
        return heard, sound, PAIR

    monkeypatch.setattr(echo, "record_echo", record)
    device, room = BENCHMARKS["echo"].cases(StreamRequest(output="loudspeaker"), quick=True)
    assert (device.name, room.name) == ("echo/devices", "echo/250ms")
    extra = device.measure(device.seconds(quick=True)).extra
    assert extra["room"] == "camera hears loudspeaker"
    assert extra["path_ms"] == pytest.approx(100.0, abs=1.0)
    assert extra["erle_db"] >= 25.0
    assert len(extra["erle_over_time_db"]) == 24
    assert not {"near_loss_db", "after_jump_db", "first_step_ms", "stoi"} & extra.keys()
    assert extra["second_steps_false"] == 0
    missing = device.measure(device.seconds(quick=False)).extra["missing"]
    assert missing == ["livekit", "speexdsp"]


def test_a_microphone_that_does_not_hear_the_speaker_has_no_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "record_echo", lambda request, sound: (np.zeros_like(sound), sound, PAIR))
    with pytest.raises(NoDeviceError, match="does not hear the speaker"):
        BENCHMARKS["echo"].cases(StreamRequest(input="camera"))[0].measure(1.0)
