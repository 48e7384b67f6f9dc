"""The microphone behind a chain of processors: blocks go to a thread of their own, and come back in order.

The event loop hands over what the audio thread has left, with the reference that belongs to it, and takes what is done.
What comes back goes into a port without a device, from which `engine.audio.capture` cuts the blocks for the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np

from engine.audio.clock import loop_time_s
from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.chain import Chain
from engine.audio.processing.echo_meter import EchoMeter
from engine.audio.processing.protocol import FRAMES, RATE_HZ, Samples
from engine.audio.processing.speech import SpeechDetector, SpeechLevel
from engine.dsp.resample import make_resampler

BATCH_FRAMES = 2 * FRAMES
"""As long as a block on the wire: shorter ones would wake two threads more often, and be sent no sooner."""
_PATIENCE_S = 0.5
"""Until a processor hangs: the loop's own pauses do not count, and a busy interpreter delays a thread by tenths."""
_LONGEST_STEP_S = 0.1
"""Most that counts of the time between two looks: longer ones mean that the loop itself was held up."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The speech detector's judgement of a block."""

    level: SpeechLevel
    captured_at_s: float
    """Moment at which its last frame was in the ring, on the loop's clock."""


@dataclass(frozen=True, slots=True)
class _Batch:
    samples: Samples
    reference: Samples
    captured_at_s: float


class _Worker:
    """A thread that passes batches through a chain until it is stopped."""

    def __init__(self, chain: Chain, detector: SpeechDetector, meter: EchoMeter, on_done: Callable[[], None]) -> None:
        self.chain = chain
        self._detector, self._meter, self._on_done = detector, meter, on_done
        self._batches: SimpleQueue[_Batch | None] = SimpleQueue()
        self._is_stopped = False
        self.done: deque[tuple[Samples, Heard]] = deque()
        threading.Thread(target=self._run, daemon=True, name="voice-processing").start()

    def put(self, batch: _Batch) -> None:
        self._batches.put(batch)

    def stop(self) -> None:
        self._is_stopped = True
        self._batches.put(None)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            with self.chain.in_use:  # perhaps by the worker of the stream before
                samples = self.chain.process(batch.samples, batch.reference)
                if self._is_stopped:
                    return
                sounds = bool(np.dot(batch.reference, batch.reference))  # a tenth of what `any` takes
                level = self._detector.take(samples, self.chain.speech_probability, speaker_sounds=sounds)
                self._meter.take(batch.samples, samples, batch.reference, speaks=level is not SpeechLevel.NONE)
                self.done.append((samples, Heard(level, batch.captured_at_s - self.chain.delay_ms / 1000)))
            self._on_done()


class ProcessedMicrophone:
    """The microphone of one stream, behind the chain of the session; used from the event loop."""

    def __init__(
        self,
        port: AudioPort,
        chain: Chain,
        aligner: ReferenceAligner,
        detector: SpeechDetector,
        meter: EchoMeter,
        on_done: Callable[[], None],
    ) -> None:
        """Take the microphone of a port, whose capture ring nobody else reads from now on.

        Args:
            port: Its input is attached.
            chain: The processors.
            aligner: Gives the reference of that port.
            detector, meter: Are given what the chain made of it, on its thread.
            on_done: Called in the event loop when something is done.
        """
        assert port.capture is not None
        self.port = AudioPort()
        """The processed microphone, at 48 kHz."""
        self.port.attach_input(RATE_HZ, channels=1)
        self.speech: deque[Heard] = deque(maxlen=256)
        self._device, self._ring = port, port.capture
        self._aligner, self._on_done = aligner, on_done
        self._resampler = make_resampler(port.input_rate_hz, RATE_HZ)
        self._waiting = np.empty(0, np.float32)
        self._pending: deque[_Batch] = deque()
        self._waited_s, self._looked_at_s = 0.0, 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._detector, self._meter = detector, meter
        self._worker = self._start(chain)
        self._wake_for_more()

    @property
    def chain(self) -> Chain:
        """The processors that are still in use."""
        return self._worker.chain

    def pump(self) -> None:
        """Hand over what the microphone has left, and take what is done."""
        self._loop = self._loop or asyncio.get_running_loop()
        self._take_done()
        self._hand_over()
        self._look_for_hung()

    def close(self) -> None:
        """End the thread, which may be in the middle of a batch."""
        self._worker.stop()

    def _start(self, chain: Chain) -> _Worker:
        return _Worker(chain, self._detector, self._meter, self._tell_loop)

    def _tell_loop(self) -> None:
        """Called on the worker's thread."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # closed since
                self._loop.call_soon_threadsafe(self._on_done)

    def _take_done(self) -> None:
        while self._worker.done:
            samples, heard = self._worker.done.popleft()
            self._pending.popleft()
            self._waited_s = 0.0
            self.port.process(samples[:, np.newaxis], None)
            self.port.stamp(round(heard.captured_at_s * 1e9))
            self.speech.append(heard)

    def _hand_over(self) -> None:
        frames = self._ring.get(self._ring.capacity)
        if frames.size:
            samples = self._resampler.process(frames)
            self._waiting = np.concatenate([self._waiting, samples]) if self._waiting.size else samples
        while self._waiting.size >= BATCH_FRAMES:
            samples, self._waiting = self._waiting[:BATCH_FRAMES], self._waiting[BATCH_FRAMES:]
            behind = round(self._waiting.size * self._device.input_rate_hz / RATE_HZ)
            # Both at once: with a callback in between, what is said while muted would be taken for older than it is.
            newest_s, came = self._device.last_capture_ns / 1e9 or loop_time_s(), self._ring.head - self._ring.tail
            captured_at_s = newest_s - (behind + came) / self._device.input_rate_hz
            batch = _Batch(samples, self._aligner.take(BATCH_FRAMES, self._ring.tail - behind), captured_at_s)
            self._pending.append(batch)
            self._worker.put(batch)
        self._wake_for_more()

    def _wake_for_more(self) -> None:
        missing = (BATCH_FRAMES - self._waiting.size) * self._device.input_rate_hz // RATE_HZ
        self._device.wake_at_captured(self._ring.tail + max(1, missing))

    def _look_for_hung(self) -> None:
        now_s = time.monotonic()  # the thread's time is real, whatever the loop's is
        if self._pending:
            self._waited_s += min(now_s - self._looked_at_s, _LONGEST_STEP_S)
        self._looked_at_s = now_s
        if self._waited_s > _PATIENCE_S:
            hung, self._waited_s = self._worker, 0.0
            hung.stop()
            self._worker = self._start(hung.chain.without_hung(_PATIENCE_S))
            for batch in self._pending:
                self._worker.put(batch)
