"""Answers are turned down while somebody seems to speak over them: without a click, and counting as heard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from engine.audio.clock import loop_time_s
from engine.audio.processing.microphone import Heard
from engine.audio.processing.speech import SpeechLevel
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config_tables import Interrupter, TurnMode, TurnOptions
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import BargeIn, Duck, Muted, Unduck
from engine.realtime.sound.ducking import GAINS_DB, TRANSITIONS, Ducking, DuckState, Signal
from engine.realtime.testing import Answer, Emit, Expect, Step, VirtualDevices, Wait, run_virtual
from tests.realtime.connection.outage_scripts import opened
from tests.realtime.virtual_rig import Held, hold, tone

NONE, SUSPECTED, SPEECH = SpeechLevel
RATE_HZ = 48000
ANSWER = [*opened("s"), Answer("r1", "i1", tone(4.0), "Words.")]
STARTED = Emit("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=0)
TRUNCATED = Expect("conversation.item.truncate")


def drive(ducking: Ducking, signal: Signal, now_s: float) -> Duck | Unduck | None:
    """Give a signal as a session would."""
    match signal:
        case Signal.QUIET | Signal.SUSPECTED | Signal.SPEECH:
            return ducking.hear(SpeechLevel[signal.name.replace("QUIET", "NONE")], now_s - 0.03, now_s)
        case Signal.TIMEOUT:
            return ducking.tick(now_s + 10, sounds=True)
        case Signal.ENDED:
            return ducking.tick(now_s, sounds=False)
        case Signal.CONFIRMED:
            return ducking.interrupted(now_s)


WAYS = {
    DuckState.FULL: (),
    DuckState.LOWERED: (Signal.SUSPECTED,),
    DuckState.LOW: (Signal.SPEECH,),
    DuckState.DISMISSED: (Signal.SUSPECTED, Signal.TIMEOUT),
    DuckState.REJECTED: (Signal.SPEECH, Signal.TIMEOUT),
}


@pytest.mark.parametrize("state", DuckState)
@pytest.mark.parametrize("signal", Signal)
def test_every_signal_in_every_state_does_what_the_table_says_and_tells_each_change_of_the_level(
    state: DuckState, signal: Signal
) -> None:
    ducking = Ducking(duck_ms=700)
    for number, earlier in enumerate(WAYS[state]):
        drive(ducking, earlier, 1.0 + number)
    assert ducking.state is state
    event = drive(ducking, signal, 3.0)
    after = TRANSITIONS.get((state, signal), state)
    assert ducking.state is after
    change_db = GAINS_DB[after] - GAINS_DB[state]
    assert type(event) is (Duck if change_db < 0 else Unduck if change_db > 0 else type(None))
    if isinstance(event, Duck):
        assert event == Duck(GAINS_DB[after], signal.value, 30.0)


@pytest.mark.parametrize("level", [SPEECH, SUSPECTED])
def test_what_nobody_confirms_brings_the_answer_back_once_and_is_not_heeded_until_it_is_quiet(
    level: SpeechLevel,
) -> None:
    ducking = Ducking(duck_ms=700)
    events = []
    for block in range(100):
        events += [ducking.hear(level, block / 50, block / 50), ducking.tick(block / 50, sounds=True)]
    assert [event for event in events if event] == [
        Duck(-18.0 if level is SPEECH else -6.0, "speech" if level is SPEECH else "suspected", 0.0),
        Unduck("timeout", 700.0),
    ]
    ducking.hear(NONE, 2.0, 2.0)
    assert ducking.state is DuckState.FULL
    assert isinstance(ducking.hear(level, 2.1, 2.1), Duck)


@pytest.mark.parametrize("interrupter", Interrupter)
def test_only_where_ours_is_to_stop_the_answer_does_sustained_speech_do_so(interrupter: Interrupter) -> None:
    ducking = Ducking(interrupter)
    stopped = []
    for block in range(20):
        ducking.hear(SPEECH, block / 50, block / 50)
        stopped += [block] * ducking.stops(block / 50)
    assert stopped == ([*range(10, 20)] if interrupter is Interrupter.LOCAL else [])
    assert (ducking.state is DuckState.FULL) == (interrupter is Interrupter.SERVER)


@pytest.fixture
def hold_hearing(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Hold a session whose own detector hears what the test says, at seconds of the session."""

    def hold_it(script: Sequence[Step], *levels: tuple[float, float, SpeechLevel], **options: object) -> Held:
        began_s: list[float] = []

        def read_speech(_: SessionAudio) -> list[Heard]:
            now_s = loop_time_s()
            began_s.append(now_s)
            level = next((level for start, end, level in levels if start <= now_s - began_s[0] < end), NONE)
            return [Heard(level, now_s - 0.02)]

        monkeypatch.setattr(SessionAudio, "read_speech", read_speech)
        return hold(list(script), duration_s=6.0, **options)  # type: ignore[arg-type]

    return hold_it


def level_db(held: Held, at_s: float) -> float:
    """Level of 40 ms of what the speaker played, against the answer's own."""
    piece = held.devices.heard[round(at_s * RATE_HZ) :][: round(0.04 * RATE_HZ)]
    return float(20 * np.log10(np.sqrt(np.mean(np.square(piece))) / (8000 / 32768 / np.sqrt(2))))


def test_an_answer_that_nobody_interrupts_comes_back_and_nothing_clicks(hold_hearing) -> None:  # type: ignore[no-untyped-def]
    held = hold_hearing([*ANSWER, Wait(5.0)], (1.0, 1.1, SUSPECTED), (1.1, 1.3, SPEECH))
    assert [(event.gain_db, event.reason, event.delay_ms) for event in held.of(Duck)] == [
        (-6.0, "suspected", 20.0),
        (-18.0, "speech", 20.0),
    ]
    (back,) = held.of(Unduck)
    assert back.reason == "timeout" and 750 <= back.ducked_ms <= 850
    assert held.times_of(Unduck)[0] - held.times_of(Duck)[0] == pytest.approx(back.ducked_ms / 1000, abs=1e-3)
    at_s, back_s = held.times_of(Duck)[0], held.times_of(Unduck)[0]
    levels = [level_db(held, s) for s in (at_s - 0.1, at_s + 0.055, at_s + 0.2, back_s - 0.1, back_s + 0.3)]
    assert levels == pytest.approx([0.0, -6.0, -18.0, -18.0, 0.0], abs=0.3)
    steepest = 8000 / 32768 * 2 * np.sin(0.1 / 2)  # of the tone itself, at the speaker's rate
    around = held.devices.heard[round((at_s - 0.1) * RATE_HZ) : round((back_s + 0.4) * RATE_HZ)]
    assert np.abs(np.diff(around)).max() < 1.01 * steepest
    assert held.summary.playback.underruns == 0


def test_ducked_audio_counts_as_heard_to_the_millisecond(hold_hearing) -> None:  # type: ignore[no-untyped-def]
    script = [*ANSWER, Wait(2.0), STARTED, TRUNCATED, Wait(1.0)]
    plain = hold_hearing(script)
    ducked = hold_hearing(script, (1.7, 1.8, SUSPECTED), (1.8, 4.0, SPEECH))
    assert [event.reason for event in ducked.of(Unduck)] == ["confirmed"]
    assert ducked.of(BargeIn) == plain.of(BargeIn) != []
    assert not plain.of(Duck)
    assert ducked.times_of(BargeIn) == plain.times_of(BargeIn)


def test_what_fades_out_after_an_interruption_is_not_turned_down_again(hold_hearing) -> None:  # type: ignore[no-untyped-def]
    ducked = asyncio.Event()

    async def interrupt(session: RealtimeSession, devices: VirtualDevices) -> None:
        devices.block_frames = RATE_HZ // 500  # the fade takes four
        await ducked.wait()
        await asyncio.sleep(0.0185)  # the microphone's next block comes in its first
        session.interrupt()

    held = hold_hearing(
        [*ANSWER, TRUNCATED, Wait(1.0)],
        (1.0, 2.0, SUSPECTED),
        drive=interrupt,
        observers=[lambda event, _: ducked.set() if isinstance(event, Duck) else None],
    )
    assert len(held.of(Duck)) == 1
    assert [event.reason for event in held.of(Unduck)] == ["confirmed"]


@pytest.mark.parametrize("interrupter", Interrupter)
def test_ours_stops_the_answer_only_where_it_is_told_to(hold_hearing, interrupter: Interrupter) -> None:  # type: ignore[no-untyped-def]
    script = [*ANSWER, *([TRUNCATED] if interrupter is Interrupter.LOCAL else []), Wait(3.0)]
    held = hold_hearing(script, (1.0, 2.0, SPEECH), settings=SessionSettings(barge_in=interrupter))
    assert [event.gain_db for event in held.of(Duck)] == ([] if interrupter is Interrupter.SERVER else [-18.0])
    reasons = {Interrupter.SERVER: [], Interrupter.LOCAL: ["confirmed"], Interrupter.BOTH: ["timeout"]}
    assert [event.reason for event in held.of(Unduck)] == reasons[interrupter]
    assert len(held.of(BargeIn)) == (interrupter is Interrupter.LOCAL)
    if interrupter is Interrupter.LOCAL:
        assert held.times_of(BargeIn)[0] - held.times_of(Duck)[0] == pytest.approx(0.2, abs=0.05)


def test_another_device_is_as_quiet_as_the_one_that_was_lost() -> None:
    async def change_devices() -> float:
        audio = SessionAudio(VirtualDevices(), StreamRequest(), input_rate_hz=24000, output_rate_hz=24000, volume_db=-6)
        audio.start()
        opened = audio.open_again([])
        audio.duck(-18.0, over_ms=30.0)
        if (lost := audio.release()) is not None:
            lost.close()
        audio.gone()
        audio.adopt(opened)
        gain = audio.port.gain
        audio.close()
        return gain

    assert run_virtual(change_devices()) == pytest.approx(10 ** (-24 / 20))


def test_nothing_is_turned_down_under_push_to_talk_and_mute_brings_the_answer_back(hold_hearing) -> None:  # type: ignore[no-untyped-def]
    by_key = SessionSettings(turns=TurnOptions(TurnMode.NONE))
    assert not hold_hearing([*ANSWER, Wait(5.0)], (1.0, 3.0, SPEECH), settings=by_key).of(Duck)

    async def mute(session: RealtimeSession, _: VirtualDevices) -> None:
        await asyncio.sleep(1.5)
        session.mute()

    held = hold_hearing([*ANSWER, Wait(5.0)], (1.0, 3.0, SPEECH), drive=mute)
    assert [event.reason for event in held.of(Unduck)] == ["ended"]
    assert held.times_of(Unduck)[0] == pytest.approx(held.times_of(Muted)[0], abs=0.03)
    assert len(held.of(Duck)) == 1


def test_the_latency_counts_from_the_last_word_as_heard_here_too(hold_hearing) -> None:  # type: ignore[no-untyped-def]
    """Spoken turns alone: a typed text has no last word."""
    spoken = Emit("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=500)
    answer = Answer("r1", "i1", tone(1.0), "Words.")
    held = hold_hearing([*opened("s"), Wait(0.7), STARTED, spoken, Wait(0.3), answer, Wait(3.0)], (0.2, 0.6, SUSPECTED))
    assert held.summary.latency["turn_heard_ms"] == pytest.approx(450, abs=60)
    assert not held.of(Duck)
    unasked = hold_hearing([*opened("s"), Wait(1.0), answer, Wait(3.0)], (0.2, 0.6, SUSPECTED))
    assert unasked.summary.latency["turn_heard_ms"] is None
