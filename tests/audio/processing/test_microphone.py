"""The microphone behind a chain: nothing lost and in order, whatever a processor does."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine.audio.capture import Capture
from engine.audio.port.audio_port import AudioPort
from engine.audio.processing import chain
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.processors.gain import Gain
from engine.audio.processing.processors.webrtc import WebRtc
from engine.audio.processing.protocol import Processor, Samples
from engine.audio.processing.session_chain import SessionChain
from engine.audio.processing.speech import SpeechLevel
from engine.audio.types import StreamInfo
from engine.dsp import resample, resampler_filters
from engine.dsp.resampler_filters import Filters

INFO = StreamInfo("test", native=False, input=None, output=None)
BLOCK = 480


class Same:
    def process(self, block: Samples, reference: Samples) -> Samples:
        return block


class Negated:
    def process(self, block: Samples, reference: Samples) -> Samples:
        return -block


class Failing:
    """Does something wrong from its third block on."""

    def __init__(self, wrong: Callable[[Samples], object]) -> None:
        self._wrong = wrong
        self._blocks = 0

    def process(self, block: Samples, reference: Samples) -> Samples:
        self._blocks += 1
        return block if self._blocks < 3 else self._wrong(block)  # type: ignore[return-value]


def _raise(block: Samples) -> Samples:
    raise RuntimeError("no")


WRONG: dict[str, Callable[[Samples], object]] = {
    "raises": _raise,
    "short": lambda block: block[:-1],
    "long": lambda block: np.tile(block, 2),
    "two_dimensions": lambda block: block[:, np.newaxis],
    "float64": lambda block: block.astype(np.float64),
    "nan": lambda block: block * np.float32("nan"),
    "infinite": lambda block: block + np.float32("inf"),
    "none": lambda block: None,
}


class Rig:
    """A port driven by hand, and the chain behind its microphone."""

    def __init__(self, *processors: Processor, rate_hz: int = 48000) -> None:
        self.device = AudioPort(keep_reference=True)
        self.device.attach_input(rate_hz, 1)
        self.device.attach_output(rate_hz, 1)
        self.session = SessionChain(lambda info, warn: processors)
        self.done, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self.session.prepare(INFO)
        port = self.session.follow(self.device, on_done=self.tell, on_played=lambda _: None)
        self.capture = Capture(port, 48000, 20)
        self.heard = np.empty(0, np.float32)

    def tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the test is over
            self._loop.call_soon_threadsafe(self.done.set)

    def say(self, samples: Samples) -> None:
        self.device.process(samples[:, np.newaxis].copy(), np.empty((samples.size, 1), np.float32))
        self.look()

    def look(self) -> None:
        if self.session.microphone is not None:
            self.session.microphone.pump()
        for block in self.capture.read_blocks():
            samples = np.frombuffer(block.pcm16, np.int16).astype(np.float32) / 32768
            self.heard = np.concatenate([self.heard, samples])

    async def hear(self, frames: int) -> Samples:
        while self.heard.size < frames:
            with contextlib.suppress(TimeoutError):  # a hung processor signals nothing: the tick looks
                await asyncio.wait_for(self.done.wait(), 0.05)
            self.done.clear()
            self.look()
        return self.heard[:frames]


def _noise(frames: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames).astype(np.float32)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def test_blocks_of_any_length_come_out_whole_and_in_order() -> None:
    rig = Rig(Negated())
    sound, dice, start = _noise(48000), np.random.default_rng(2), 0
    while start < sound.size:
        length = int(dice.integers(1, 1500))
        rig.say(sound[start : start + length])
        start += length
    heard = await rig.hear(sound.size // 960 * 960)
    assert np.abs(heard + sound[: heard.size]).max() < 2 / 32768
    assert not rig.session.warnings


class Knowing(Same):
    """Hears speech in the second half of a second."""

    speech_probability, _frames = 0.0, 0

    def process(self, block: Samples, reference: Samples) -> Samples:
        self._frames += block.size
        self.speech_probability = 0.9 if self._frames > 24000 else 0.1
        return block


async def test_what_the_detector_hears_comes_with_each_block_and_its_time() -> None:
    rig = Rig(Knowing())
    for number in range(50):
        rig.say(np.full(960, 1e-3, np.float32))
        await rig.hear(960 * (number + 1))
    microphone = rig.session.microphone
    assert microphone is not None
    levels = [heard.level for heard in microphone.speech]
    assert levels == [SpeechLevel.NONE] * 25 + [SpeechLevel.SUSPECTED] * 25
    assert (np.diff([heard.captured_at_s for heard in microphone.speech]) > 0).all()


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_processor_that_fails_is_taken_out_once_and_nothing_is_lost(wrong: Callable[[Samples], object]) -> None:
    rig = Rig(Failing(wrong), Negated())
    sound = _noise(960 * 20)
    for start in range(0, sound.size, BLOCK):
        rig.say(sound[start : start + BLOCK])
    heard = await rig.hear(sound.size)
    assert np.abs(heard + sound).max() < 2 / 32768
    (warning,) = rig.session.warnings
    assert "Failing" in warning
    assert rig.session.report().processors == ("Negated",)


class Untold(Same):
    """Says nothing of use about itself."""

    @property
    def speech_probability(self) -> float:
        raise RuntimeError("no")


class Timeless(Same):
    delay_ms = None


class Endless(Same):
    delay_ms = float("nan")


@pytest.mark.parametrize("kind", [Untold, Timeless, Endless])
async def test_a_processor_that_fails_to_tell_of_itself_is_taken_out_and_nothing_is_lost(kind: type[Same]) -> None:
    rig = Rig(kind(), Negated())
    sound = _noise(960 * 5)
    rig.say(sound)
    assert np.abs(await rig.hear(sound.size) + sound).max() < 2 / 32768
    (warning,) = rig.session.warnings
    assert kind.__name__ in warning


async def test_a_processor_may_return_the_same_memory_each_time() -> None:
    class Reusing(Same):
        memory = np.empty(2 * BLOCK, np.float32)

        def process(self, block: Samples, reference: Samples) -> Samples:
            self.memory[:] = block
            return self.memory

    rig = Rig(Reusing())
    sound = _noise(960 * 20)
    rig.say(sound)
    assert np.abs(await rig.hear(sound.size) - sound).max() < 2 / 32768


async def test_a_processor_that_hangs_is_taken_out_and_nothing_is_lost(release: threading.Event) -> None:
    def hang(block: Samples) -> Samples:
        release.wait(60)
        return block

    rig = Rig(Negated(), Failing(hang), Negated())
    sound = _noise(960 * 20)
    for start in range(0, sound.size, BLOCK):
        rig.say(sound[start : start + BLOCK])
    heard = await rig.hear(sound.size)
    assert np.abs(heard - sound).max() < 2 / 32768
    (warning,) = rig.session.warnings
    assert "Failing" in warning
    release.set()
    rig.say(sound[:960])
    assert np.abs((await rig.hear(sound.size + 960))[-960:] - sound[:960]).max() < 2 / 32768


async def test_a_processor_that_comes_back_as_it_is_given_up_is_not_replaced(release: threading.Event) -> None:
    def hang(block: Samples) -> Samples:
        hanging.set()
        release.wait(60)
        return block

    hanging, rig, sound = threading.Event(), Rig(Failing(hang)), _noise(960 * 3)
    rig.say(sound)
    assert await asyncio.to_thread(hanging.wait, 60)
    block = (worker := rig.session.microphone._worker).block  # type: ignore[union-attr]
    release.set()
    assert np.abs(await rig.hear(sound.size) - sound).max() < 2 / 32768
    assert not worker.give_up(block), "another would do the block again, beside this one"  # type: ignore[arg-type]


async def test_a_microphone_that_gives_no_numbers_does_not_poison_the_canceller() -> None:
    rig = Rig(WebRtc())
    sound = _noise(960 * 40)
    sound[960 * 5 : 960 * 6] = np.nan
    for start in range(0, sound.size, BLOCK):
        rig.say(sound[start : start + BLOCK])
    heard = await rig.hear(sound.size)
    assert np.sqrt(np.mean(heard[960 * 20 :] ** 2)) > 0.01
    assert rig.session.report().processors == ("WebRtc",)


@pytest.mark.parametrize("cancels", [True, False])
async def test_only_of_echo_cancellation_is_told_by_how_much_the_echo_got_quieter(cancels: bool) -> None:
    """A microphone that rests while the speaker sounds would boast of 120 dB, and a gain of less than nothing."""

    class Quiet(Same):
        cancels_echo = cancels

        def process(self, block: Samples, reference: Samples) -> Samples:
            return block * np.float32(0.1)

    rig = Rig(Quiet(), Gain(gain_db=-20.0))
    assert rig.device.playback is not None
    sound = _noise(48000 * 3)
    rig.device.playback.put(sound)
    for start in range(0, sound.size, 960):
        rig.say(sound[start : start + 960])
    await rig.hear(sound.size)
    report = rig.session.report()
    assert report.erle_db == (pytest.approx(40.0, abs=0.1) if cancels else None)
    assert report.echo_db == pytest.approx(0.0, abs=0.2)


async def test_no_processors_leave_the_stream_as_it_is() -> None:
    rig = Rig()
    assert rig.session.microphone is None
    sound = _noise(9600)
    rig.say(sound)
    plain = AudioPort()
    plain.attach_input(48000, 1)
    capture = Capture(plain, 48000, 20)
    plain.process(sound[:, np.newaxis].copy(), None)
    expected = np.frombuffer(b"".join(block.pcm16 for block in capture.read_blocks()), np.int16)
    assert np.array_equal(rig.heard * 32768, expected)


async def test_the_time_of_a_block_is_that_of_the_microphone_less_the_delay_of_the_chain() -> None:
    class Late(Same):
        delay_ms = 15.0

    rig = Rig(Late())
    rig.device.process(_noise(960)[:, np.newaxis].copy(), np.empty((960, 1), np.float32))
    captured_at_s = rig.device.last_capture_ns / 1e9
    rig.session.microphone.pump()  # type: ignore[union-attr]
    await rig.done.wait()
    rig.session.microphone.pump()  # type: ignore[union-attr]
    (block,) = rig.capture.read_blocks()
    assert block.captured_at_s == pytest.approx(captured_at_s - 0.015, abs=1e-6)


async def test_the_chain_goes_on_with_the_next_stream() -> None:
    negated = Negated()
    rig = Rig(negated)
    device = AudioPort(keep_reference=True)
    device.attach_input(44100, 1)
    device.attach_output(44100, 1)
    port = rig.session.follow(device, on_done=rig.tell, on_played=lambda _: None)
    rig.device, rig.capture = device, Capture(port, 48000, 20)
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)).astype(np.float32)
    for start in range(0, tone.size, 441):
        rig.say(tone[start : start + 441])
    heard = await rig.hear(960 * 49)
    assert rig.session.report().processors == ("Negated",)
    assert np.abs(heard[9600:]).max() == pytest.approx(0.5, abs=0.01)


async def test_filters_are_designed_on_the_thread_of_the_chain_and_hold_up_no_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads, design = list[str](), resampler_filters.filters_for

    def note(*rates_hz: int, **options: bool) -> Filters:
        threads.append(threading.current_thread().name)
        return design(*rates_hz, **options)

    monkeypatch.setattr(resample, "filters_for", note)
    rig = Rig(WebRtc(), rate_hz=44100)
    assert not threads
    rig.say(_noise(44100))
    await rig.hear(960)
    assert set(threads) == {"voice-processing"}


async def test_a_processor_that_takes_longer_than_the_sound_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speech would reach the server later and later; a processor that is late for a while catches up."""
    clock_s = [0.0]
    monkeypatch.setattr(chain, "monotonic", lambda: clock_s[0])

    class Busy(Same):
        def __init__(self, *costs_ms: float) -> None:
            self.costs_ms = deque(costs_ms)

        def process(self, block: Samples, reference: Samples) -> Samples:
            clock_s[0] += self.costs_ms[0] / 1000
            self.costs_ms.rotate(-1)
            return block

    class TooSlow(Busy):
        pass

    rig = Rig(Busy(*[200] * 4, *[5] * 196), TooSlow(14, 30))
    sound = _noise(960 * 500)
    for start in range(0, sound.size, 48000):
        rig.say(sound[start : start + 48000])
        await rig.hear(start + 48000)
    assert np.abs(rig.heard - sound).max() < 2 / 32768
    (warning,) = rig.session.warnings
    assert "TooSlow" in warning and rig.session.report().processors == ("Busy",)


async def test_a_processor_is_used_by_one_thread_at_a_time(release: threading.Event) -> None:
    """Also where the stream is exchanged while it is at work; what its thread had left to do is not done."""
    inside, threads, began, both = list[int](), list[int](), threading.Event(), threading.Event()

    class Busy(Same):
        def process(self, block: Samples, reference: Samples) -> Samples:
            inside.append(1)
            threads.append(len(inside))
            (both if len(threads) > 1 else began).set()
            release.wait(60 if len(threads) == 1 else 0)
            inside.pop()
            return block

    rig = Rig(Busy())
    rig.say(_noise(960 * 3))
    began.wait(60)
    rig.capture = Capture(rig.session.follow(rig.device, on_done=rig.tell, on_played=lambda _: None), 48000, 20)
    rig.say(sound := _noise(960))
    assert not both.wait(0.1)
    release.set()
    assert np.abs(await rig.hear(960) - sound).max() < 2 / 32768
    assert threads == [1, 1]


async def test_a_callback_while_blocks_are_handed_over_does_not_make_them_older(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Speech while muted would be sent."""
    rig, take, captured_at_s = Rig(Same()), ReferenceAligner.take, list[float]()

    def interrupted(aligner: ReferenceAligner, frames: int, captured_end: int) -> Samples:
        reference = take(aligner, frames, captured_end)
        captured_at_s.append(rig.device.last_capture_ns / 1e9)
        if len(captured_at_s) == 1:
            rig.device.process(np.zeros((480, 1), np.float32), np.empty((480, 1), np.float32))
        return reference

    monkeypatch.setattr(ReferenceAligner, "take", interrupted)
    rig.device.process(_noise(960)[:, np.newaxis].copy(), np.empty((960, 1), np.float32))
    await rig.done.wait()
    rig.session.microphone.pump()  # type: ignore[union-attr]
    assert rig.capture.read_blocks()[0].captured_at_s == pytest.approx(captured_at_s[0], abs=1e-6)
