"""The microphone behind a chain of processors, on a thread that takes its blocks from the capture ring itself.

The audio thread wakes that thread, which pairs each block with its reference, and wakes the event loop once a block is
done: one turn of the loop for each, as without a chain. What comes back goes into a port without a device, from which
`engine.audio.capture` cuts the blocks for the wire.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.block_source import Block, BlockSource
from engine.audio.processing.chain import Chain
from engine.audio.processing.echo_meter import EchoMeter
from engine.audio.processing.protocol import RATE_HZ, Samples
from engine.audio.processing.speech import SpeechDetector, SpeechLevel

_PATIENCE_S = 0.5
"""Time in one block after which a processor hangs; a busy interpreter delays a thread by some 100 ms."""
_LONGEST_STEP_S = 0.3
"""Longest time that is counted between two ticks of the loop: beyond it the loop was held up, not the processor."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The speech detector's judgement of a block."""

    level: SpeechLevel
    captured_at_s: float
    """Moment at which its last frame was in the ring, on the loop's clock."""


class _Worker:
    """A thread that passes blocks through a chain until it is stopped."""

    def __init__(
        self,
        chain: Chain,
        source: BlockSource,
        take: Callable[[Chain, Block, Samples], None],
        block: Block | None = None,
    ) -> None:
        """Start the thread; `block` is one that a hung worker left undone."""
        self.chain, self.block = chain, block
        self._source, self._take = source, take
        self._stopped, self._claiming = threading.Event(), threading.Lock()
        threading.Thread(target=self._run, daemon=True, name="voice-processing").start()

    def stop(self) -> None:
        """Let the thread end after its present block."""
        self._stopped.set()
        self._source.waker.signal()

    def give_up(self, block: Block) -> bool:
        """Stop a thread that hangs in a block, and leave the block to another; False where it has just come back."""
        with self._claiming:
            if self.block is not block:
                return False
            self._stopped.set()
            return True

    def _run(self) -> None:
        while not self._stopped.is_set():
            block = self.block = self.block or self._source.take()
            if block is None:
                self._source.waker.wait()
                continue
            with self.chain.in_use:  # the previous stream's worker may still be in it
                samples = self.chain.process(block.samples, block.reference)
                with self._claiming:
                    if self._stopped.is_set():
                        return
                    # What follows is ours: it may load a model, and nobody else is to do the block again.
                    self.block = None
                self._take(self.chain, block, samples)


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
            aligner: Gives the reference of that port, on the chain's thread.
            detector, meter: Are given what the chain made of it, on its thread.
            on_done: Called on that thread after each block.
        """
        self.port = AudioPort()
        """The processed microphone, at 48 kHz."""
        self.port.attach_input(RATE_HZ, channels=1)
        self.speech: deque[Heard] = deque(maxlen=256)
        self._detector, self._meter, self._on_done = detector, meter, on_done
        self._done: deque[tuple[Samples, Heard]] = deque()
        self._jumps = -1
        """Those that the detector knows of; the path of a new stream it does not know at all."""
        self._waited_s, self._looked_at_s = 0.0, 0.0
        self._looked_at: Block | None = None
        self._source = BlockSource(port, aligner)
        self._worker = _Worker(chain, self._source, self._take)

    @property
    def chain(self) -> Chain:
        """The processors that are still in use."""
        return self._worker.chain

    def pump(self) -> None:
        """Pass the finished blocks on, and replace a worker that hangs."""
        while self._done:
            samples, heard = self._done.popleft()
            assert self.port.capture is not None
            self.port.capture.put(samples)
            self.port.stamp(round(heard.captured_at_s * 1e9))
            self.speech.append(heard)
        self._look_for_hung()

    def close(self) -> None:
        """Let the thread end after its present block."""
        self._worker.stop()

    def _take(self, chain: Chain, block: Block, samples: Samples) -> None:
        """Judge what a chain made of a block, on its thread."""
        if block.jumps != self._jumps:
            self._jumps = block.jumps
            self._detector.doubt()
        sounds = bool(np.dot(block.reference, block.reference))  # ten times as fast as `any`
        level = self._detector.take(samples, chain.speech_probability, speaker_sounds=sounds)
        self._meter.take(block.samples, samples, block.reference, speaks=level is not SpeechLevel.NONE)
        if block.is_blind and chain.cancels_echo:
            samples, level = np.zeros_like(samples), SpeechLevel.NONE
        self._done.append((samples, Heard(level, block.captured_at_s - chain.delay_ms / 1000)))
        self._on_done()

    def _look_for_hung(self) -> None:
        now_s, block = time.monotonic(), self._worker.block  # real time: the loop's clock may be a virtual one
        hangs = block is not None and block is self._looked_at
        self._waited_s = self._waited_s + min(now_s - self._looked_at_s, _LONGEST_STEP_S) if hangs else 0.0
        self._looked_at_s, self._looked_at = now_s, block
        if block is not None and self._waited_s > _PATIENCE_S and self._worker.give_up(block):
            self._waited_s, chain = 0.0, self._worker.chain.without_hung(_PATIENCE_S)
            self._worker = _Worker(chain, self._source, self._take, block)
