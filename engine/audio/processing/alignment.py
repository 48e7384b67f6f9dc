"""The echo reference, paired with the microphone by counts of frames instead of by arrival.

Both counts only grow, so a pairing, once found, holds however late Python reads. It is corrected at once where a stream
lost time (an xrun, a stopped speaker, a suspended machine), and by resampling where the speaker's clock is not the
microphone's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.protocol import RATE_HZ, Samples
from engine.audio.processing.stream_clocks import StreamClocks
from engine.dsp.resample import PolyphaseResampler

_MOST_SPARE_S = 0.010
"""Longest lateness of a speaker's callback for which the reference is held back, or a block if that is shorter. By a
sound server the echo takes three blocks. AEC3 needs the reference before the echo (20 ms after it, 15 dB are removed
instead of 35), and finds delays of up to 500 ms without a hint."""
_JUMP_S, _UNSETTLED_S, _DRIFTED_S = 0.005, 0.001, 0.002
"""Errors of the pairing that are corrected at once, at any time and half a second after a jump; and the error that is
followed by resampling though no drift has shown: one below 12 ppm would end in a jump. A sound server loses 10 ms at a
time; callbacks 8 ms late are an error of 2."""
_BLIND_S = 0.3
"""Time after a loss in which the canceller lets echo pass: its filter has the delay of before."""
_MEND_S = 30.0
"""Time constant of the correction by resampling: an error of 1 ms is worth 33 ppm."""


class ReferenceAligner:
    """Reads the reference ring of a port and deals it out beside the microphone; used by one thread at a time.

    Example:
        >>> port = AudioPort(keep_reference=True)
        >>> port.attach_input(44100, channels=1)
        >>> port.attach_output(48000, channels=2)
        >>> aligner = ReferenceAligner(port)
        >>> port.process(np.zeros((882, 1), np.float32), None)  # 20 ms of the microphone
        >>> aligner.take(960, captured_end=882).size
        960
    """

    def __init__(self, port: AudioPort, *, on_taken: Callable[[Samples], None] | None = None) -> None:
        """Read the reference of `port`; from now on nobody else does.

        Args:
            port: Its input is attached. Where it keeps no reference, there is silence.
            on_taken: Given what is read, at the speaker's rate.
        """
        self.jumps = 0
        """Number of times the pairing was corrected at once."""
        self.offset_ms = 0.0
        """Error of the pairing by the callbacks' times; positive where the reference is too old."""
        self.margin_ms = 0.0
        """Delay given to the reference, so that it has come when the microphone's block has."""
        self._port, self._ring, self._on_taken = port, port.reference, on_taken
        self._clocks = StreamClocks(port)
        self._passes = port.output_rate_hz == RATE_HZ
        self._kept = np.empty(0, np.float32)
        self._end, self._rendered = 0, port.reference_lost_frames + (self._ring.tail if self._ring else 0)
        """Position behind what is kept, in frames of the chain and in frames of the speaker. What was played before
        is of no use, and may be hours."""
        self._next: int | None = None
        """Position paired with the next frame of the microphone; None until the speaker has started."""
        self._settled = False
        self._blind_frames = 0

    @property
    def is_blind(self) -> bool:
        """Whether the canceller may lack the reference of the echo in the latest block."""
        return self._blind_frames > 0

    @cached_property
    def _resampler(self) -> PolyphaseResampler:
        return PolyphaseResampler(self._port.output_rate_hz or RATE_HZ, RATE_HZ, adjustable=True)

    @property
    def drift_ppm(self) -> float:
        """Parts in a million by which the speaker's clock runs faster; 0 while the clocks agree."""
        return self._clocks.drift_ppm

    def take(self, frames: int, captured_end: int) -> Samples:
        """Return the reference for a block of the microphone; zeros where the speaker was given nothing.

        Args:
            frames: Length of the block in frames of the chain.
            captured_end: Position in the capture ring behind the block's last frame.
        """
        self._blind_frames = max(0, self._blind_frames - frames)
        self._read_ring()
        self._pair(frames, captured_end)
        block = np.zeros(frames, np.float32)
        if self._next is None:
            return block
        start = self._end - self._kept.size
        first, last = max(self._next, start), min(self._next + frames, self._end)
        if first < last:
            block[first - self._next : last - self._next] = self._kept[first - start : last - start]
        self._next += frames
        return block

    def _read_ring(self) -> None:
        """Keep what was rendered since the last time, at the chain's rate. What found no room was rendered last."""
        rendered = self._port.reference_lost_frames + (self._ring.head if self._ring else 0)
        if self._ring is None or rendered == self._rendered:
            return
        raw = self._ring.get(self._ring.capacity)
        if self._on_taken:
            self._on_taken(raw)
        missing = max(0, rendered - self._rendered - raw.size)
        if missing:
            raw = np.concatenate([raw, np.zeros(missing, np.float32)])
        self._rendered += raw.size
        samples = raw if self._passes else self._resampler.process(raw)
        start = self._end - self._kept.size
        needed = start if self._next is None else min(self._next, self._end)
        self._kept = np.concatenate([self._kept[max(0, needed - start) :], samples])
        self._end += samples.size

    def _pair(self, frames: int, captured_end: int) -> None:
        """Compare the next position with the one that the clocks tell, and jump there or follow slowly."""
        has_median, clocks, port = self._clocks.measure(), self._clocks, self._port
        if clocks.offset_s is None:
            return
        if not self._settled:
            block_s = port.render_frames / port.output_rate_hz
            self.margin_ms = 1000 * (block_s + min(block_s, _MOST_SPARE_S))
        wanted_s = captured_end / port.input_rate_hz + clocks.offset_s - self.margin_ms / 1000
        wanted = self._end - round((self._rendered / port.output_rate_hz - wanted_s) * RATE_HZ) - frames
        if self._next is None:
            self._next = wanted
        error_s = (wanted - self._next) / RATE_HZ
        settles = clocks.is_sure and not self._settled
        if abs(error_s) > (_UNSETTLED_S if settles else _JUMP_S):
            self._next, error_s = wanted, 0.0
            self.jumps += not settles
            if not settles and self._kept.any():
                self._blind_frames = round(_BLIND_S * RATE_HZ)
            self._settled = settles
            clocks.restart()
        self._settled = self._settled or settles
        self.offset_ms = 1000 * error_s
        if has_median:
            self._follow(error_s)

    def _follow(self, error_s: float) -> None:
        """Resample by the drift, and a little more until the error is gone; not while the clocks agree."""
        if self._passes and not self.drift_ppm and abs(error_s) < _DRIFTED_S:
            return
        self._passes = False
        self._resampler.adjust(self.drift_ppm + 1e6 * error_s / _MEND_S)
