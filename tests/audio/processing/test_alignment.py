"""The reference stays beside its echo: every fault that streams have, in virtual time, measured by correlation."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.protocol import RATE_HZ, Processor, Samples
from engine.audio.processing.speech import SpeechDetector
from tests.audio.processing.echo_rig import BLOCK, EchoRig
from tests.audio.processing.test_microphone import Rig, Same

LAG_MS = 50.0
"""The rig's 60 ms and a block, less the block and 10 ms by which the reference is held back."""
FILTERS_MS = 0.5


def assert_paired(rig: EchoRig, seconds: float, within_ms: float = FILTERS_MS) -> None:
    """In the latest seconds the echo is as far behind the reference as it should be, all the time."""
    lags_ms = rig.lags_ms(seconds)
    assert np.max(np.abs(lags_ms - LAG_MS)) <= within_ms, lags_ms


@pytest.mark.parametrize("rates_hz", [(48000, 48000), (44100, 48000), (48000, 44100), (16000, 48000), (48000, 16000)])
def test_two_rates_are_paired_to_half_a_millisecond(rates_hz: tuple[int, int]) -> None:
    rig = EchoRig(*rates_hz)
    rig.run(3.0)
    assert_paired(rig, 2.8)
    assert rig.aligner.jumps == 0
    assert np.ptp(rig.lags_ms(2.0)) <= 1000 / RATE_HZ


def test_a_speaker_at_the_rate_of_the_chain_is_not_resampled_while_the_clocks_agree() -> None:
    """A loss of 15 ms is no drift."""
    rig = EchoRig()
    rig.run(8.0)
    rig.lose("in", 0.015)
    rig.run(10.0)
    reference, played = rig.reference[-8 * RATE_HZ :], np.concatenate(rig.taken)
    begins = np.flatnonzero(played[: -reference.size] == reference[0])
    assert any(np.array_equal(reference, played[begin : begin + reference.size]) for begin in begins)
    assert rig.aligner.drift_ppm == 0


def test_callbacks_that_come_late_move_nothing() -> None:
    """Also where the reader comes between the two writes of a callback."""
    rig = EchoRig(late_ms=8.0)
    rig.torn_every = 7
    rig.run(15.0)
    assert_paired(rig, 14.0, within_ms=2.0)
    assert rig.aligner.jumps == 0
    assert np.ptp(rig.lags_ms(13.0)) <= 0.5


@pytest.mark.parametrize(
    ("render_hz", "ppm", "late_ms", "tells_latency"),
    [(48000, 100, 0.0, False), (44100, -100, 6.0, False), (48000, 300, 0.0, False), (48000, 100, 6.0, True)],
)
def test_a_speaker_with_another_clock_is_followed(
    render_hz: int, ppm: float, late_ms: float, tells_latency: bool
) -> None:
    """Nobody following, the pair would drift by 2 ms in the last 20 s at 100 ppm."""
    rig = EchoRig(48000, render_hz, ppm=ppm, late_ms=late_ms, tells_latency=tells_latency)
    rig.run(40.0)
    lags_ms = rig.lags_ms(20.0)
    assert rig.aligner.jumps == 0
    assert rig.aligner.drift_ppm == pytest.approx(ppm, abs=20)
    assert np.ptp(lags_ms) <= 0.25 + 0.005 * abs(ppm)
    assert np.max(np.abs(lags_ms - LAG_MS)) <= 2.5 + FILTERS_MS


@pytest.mark.long
def test_a_drift_too_slow_to_be_seen_is_followed_and_never_ends_in_a_jump() -> None:
    """11 ppm are 5 ms in eight minutes."""
    rig = EchoRig(ppm=11.0)
    rig.run(500.0)
    assert (rig.aligner.jumps, rig.aligner.drift_ppm) == (0, 0)
    assert abs(rig.aligner.offset_ms) <= 2.0


def stall(seconds: float) -> Callable[[EchoRig], None]:
    """Nobody reads for a while."""

    def happen(rig: EchoRig) -> None:
        rig.reads = False
        rig.run(seconds)
        rig.reads = True

    return happen


def lose(*directions: str, seconds: float) -> Callable[[EchoRig], None]:
    """Streams stand still."""

    def happen(rig: EchoRig) -> None:
        for direction in directions:
            rig.lose(direction, seconds)
        rig.now_s += seconds if len(directions) == 2 else 0.0

    return happen


FAULTS: dict[str, tuple[Callable[[EchoRig], None], float]] = {
    "stall of 3 s": (stall(3.0), 0.0),
    "stall of 7 s, longer than the rings": (stall(7.0), 0.0),
    "xrun of the microphone, 10 ms": (lose("in", seconds=0.01), 0.4),
    "xrun of the microphone, 60 ms": (lose("in", seconds=0.06), 0.2),
    "xrun of the speaker, 10 ms": (lose("out", seconds=0.01), 0.4),
    "xrun of the speaker, 60 ms": (lose("out", seconds=0.06), 0.2),
    "speaker stopped for 3 s": (lose("out", seconds=3.0), 3.2),
    "both stopped for 3 s": (lose("in", "out", seconds=3.0), 0.2),
    "suspended, and the clock goes on": (lambda rig: rig.suspend(3600, clock_goes_on=True), 0.4),
    "suspended with its clock": (lambda rig: rig.suspend(3600, clock_goes_on=False), 0.4),
    "streams opened again": (EchoRig.reopen, 0.2),
    "microphone not read for 300 ms": (lambda rig: rig.skip(0.3), 0.0),
}
"""Faults, and the seconds after which the pair is right again."""


@pytest.mark.parametrize("name", FAULTS)
def test_the_pair_is_found_again_after_a(name: str) -> None:
    happen, mended_after_s = FAULTS[name]
    rig = EchoRig(16000, 44100)
    rig.run(2.0)
    happen(rig)
    happened_at = rig.mic.size
    rig.run(2.0 + mended_after_s)
    assert_paired(rig, (rig.mic.size - happened_at) / RATE_HZ - mended_after_s)
    assert rig.aligner.jumps <= 2


def test_a_fault_that_costs_nothing_moves_nothing() -> None:
    """Through a stall of 3 s, all that was heard meanwhile stays beside its reference."""
    rig = EchoRig()
    rig.run(3.0)
    stall(3.0)(rig)
    rig.run(1.0)
    assert_paired(rig, 6.8)
    assert rig.aligner.jumps == 0


@pytest.mark.parametrize(("direction", "seconds"), [("in", 0.01), ("out", -0.02)])
def test_callbacks_that_a_busy_server_moves_for_good_move_nothing_where_latencies_are_told(
    direction: str, seconds: float
) -> None:
    """Measured on PulseAudio: 5 ms at a time, up to 25, and no frame is lost."""
    rig = EchoRig(tells_latency=True, late_ms=4.0)
    rig.run(3.0)
    rig.move_callbacks(direction, seconds)
    rig.run(12.0)
    assert_paired(rig, 14.5, within_ms=1.5)
    assert (rig.aligner.jumps, rig.aligner.drift_ppm) == (0, 0)


@pytest.mark.parametrize(("direction", "seconds", "moved_s"), [("in", 0.01, 0), ("out", 0.01, 0), ("out", 0.03, -0.03)])
def test_a_loss_is_noticed_at_once_where_latencies_are_told(direction: str, seconds: float, moved_s: float) -> None:
    """Also where the callbacks come earlier by as much: by them alone nothing would be lost."""
    rig = EchoRig(tells_latency=True)
    rig.run(3.0)
    rig.lose(direction, seconds)
    rig.move_callbacks(direction, moved_s)
    happened_at = rig.mic.size
    rig.run(1.1)
    assert_paired(rig, (rig.mic.size - happened_at) / RATE_HZ - 0.2)
    assert rig.aligner.jumps == 1


@pytest.mark.parametrize(("sounds", "blind_s"), [(True, 0.3), (False, 0.0)])
def test_the_canceller_is_blind_for_a_while_after_a_loss_while_the_speaker_sounds(sounds: bool, blind_s: float) -> None:
    rig = EchoRig(tells_latency=True, played=None if sounds else np.zeros(RATE_HZ, np.float32))
    rig.run(3.0)
    rig.lose("out", 0.1)
    blind = 0
    for _ in range(50):
        rig.run(0.02)
        blind += rig.aligner.is_blind
    assert rig.aligner.jumps == 1
    assert blind == pytest.approx(50 * blind_s, abs=2)


def test_a_speaker_whose_callbacks_come_to_be_late_still_has_its_sound_there_in_time() -> None:
    """The echo comes to lie nearer by as much, once."""
    rig = EchoRig(tells_latency=True)
    rig.run(3.0)
    rig.move_callbacks("out", 0.015)
    rig.run(3.0)
    lags_ms = rig.lags_ms(2.4)
    assert np.max(np.abs(lags_ms - (LAG_MS - 15.0))) <= FILTERS_MS
    assert rig.aligner.jumps == 1
    assert np.all(rig.reference[-2 * RATE_HZ :] != 0)


def test_latencies_that_are_told_wrong_for_a_while_move_nothing() -> None:
    """After a loss PulseAudio's wander by up to 70 ms within seconds, and jump back; the callbacks do not."""
    rig = EchoRig(tells_latency=True, late_ms=1.0)
    rig.run(3.0)
    for second in range(12):
        rig.told_wrong_s = 0.01 * (second % 5)
        rig.run(1.0)
    assert_paired(rig, 14.0, within_ms=1.0)
    assert (rig.aligner.jumps, rig.aligner.drift_ppm) == (0, 0)


def test_a_speaker_that_starts_late_is_silence_until_then() -> None:
    rig = EchoRig(render_from_s=2.0)
    rig.run(1.99)
    assert not rig.reference.any()
    rig.run(2.0)
    assert_paired(rig, 1.7)


def test_without_a_clock_counts_alone_pair() -> None:
    """As they stood at first, to a block."""
    rig = EchoRig(has_clock=False)
    rig.run(3.0)
    stall(3.0)(rig)
    rig.run(1.0)
    assert_paired(rig, 6.8, within_ms=10.0)
    assert np.ptp(rig.lags_ms(6.8)) == 0


def test_a_chain_that_begins_late_keeps_nothing_of_what_was_played_before() -> None:
    """Headphones are pulled out after an hour, say: the silence of all that time would be a gigabyte."""
    rig = EchoRig(render_hz=44100)
    rig.skip(60.0)
    rig.aligner = ReferenceAligner(rig.port)
    tracemalloc.start()
    rig.run(0.5)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 4 * 5 * RATE_HZ * 4
    rig.run(2.0)
    assert_paired(rig, 1.8)


def test_all_that_is_read_of_the_ring_is_passed_on_as_it_is() -> None:
    """Frames without room there are missing; the port counts them."""
    rig = EchoRig(render_hz=16000)
    rig.run(2.0)
    stall(7.0)(rig)
    rig.run(1.0)
    taken, lost = np.concatenate(rig.taken), rig.port.reference_lost_frames
    assert lost > 16000
    assert 0 <= rig.port.rendered_frames - taken.size - lost <= 16000 // 50
    assert np.all(taken != 0)


def test_a_port_without_a_speaker_gives_silence() -> None:
    port = AudioPort(keep_reference=True)
    port.attach_input(RATE_HZ, 1)
    port.process(np.zeros((BLOCK, 1), np.float32), None)
    assert not ReferenceAligner(port).take(BLOCK, BLOCK).any()


class Cancelling(Same):
    cancels_echo = True


@pytest.mark.parametrize(("processor", "is_heard"), [(Same(), True), (Cancelling(), False)])
async def test_while_the_canceller_is_blind_nothing_is_heard(
    monkeypatch: pytest.MonkeyPatch, processor: Processor, is_heard: bool
) -> None:
    """After a loss its echo would be taken for a voice; without a canceller there is nothing to be blind."""
    monkeypatch.setattr(ReferenceAligner, "is_blind", property(lambda _: True))
    rig = Rig(processor)
    rig.say(np.full(2 * BLOCK, 0.5, np.float32))
    assert np.any(await rig.hear(2 * BLOCK)) == is_heard


async def test_after_a_loss_speech_is_doubted_though_nothing_sounded_and_so_it_is_over_another_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The canceller has the path of before when the next answer begins, and what it leaves is a voice."""
    doubted = list[SpeechDetector]()

    def doubt(self: SpeechDetector) -> None:
        doubted.append(self)

    def lose(self: ReferenceAligner, frames: int, captured_end: int) -> Samples:
        self.jumps = captured_end // (10 * BLOCK)
        return np.zeros(frames, np.float32)

    monkeypatch.setattr(SpeechDetector, "doubt", doubt)
    monkeypatch.setattr(ReferenceAligner, "take", lose)
    rig, said = Rig(Cancelling()), 0
    for blocks, times in ((9, 1), (2, 2), (8, 2)):
        rig.say(np.zeros(blocks * BLOCK, np.float32))
        said += blocks * BLOCK
        await rig.hear(said)
        assert len(doubted) == times
