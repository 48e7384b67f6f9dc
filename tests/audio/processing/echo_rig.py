"""A microphone that hears a speaker, each with a clock of its own, in virtual time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.kernels import control as c
from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.protocol import RATE_HZ
from engine.dsp.compile.library import library
from engine.dsp.resample import make_resampler

BLOCK = RATE_HZ // 50
_KEPT_BLOCKS = 20
_SEARCHED_S = 0.2
_XRUN = {"in": 2, "out": 4}
"""PaStreamCallbackFlags: overflow of the microphone, underflow of the speaker."""


def noise(seconds: float) -> NDArray[np.float32]:
    """Noise below 6 kHz, which may be interpolated linearly."""
    white = np.random.default_rng(5).uniform(-0.5, 0.5, round(seconds * RATE_HZ))
    return np.convolve(white, np.ones(8) / 8, "same").astype(np.float32)


class EchoRig:
    """Plays a sound in a loop; what the speaker plays is what the microphone hears `latency_ms` later."""

    def __init__(
        self,
        capture_hz: int = RATE_HZ,
        render_hz: int = RATE_HZ,
        *,
        ppm: float = 0.0,
        late_ms: float = 0.0,
        latency_ms: float = 60.0,
        render_block_ms: float = 10.0,
        played: NDArray[np.float32] | None = None,
        has_clock: bool = True,
        tells_latency: bool = False,
        render_from_s: float = 0.0,
    ) -> None:
        """Start both streams.

        Args:
            capture_hz: Rate of the microphone.
            render_hz: Rate of the speaker.
            ppm: By how much the speaker's clock is faster.
            late_ms: Callbacks come up to so much late, most of them by little.
            latency_ms: From the speaker's callback to the air and into the microphone.
            render_block_ms: Length of the speaker's blocks; the microphone's have 20 ms.
            played: The sound, at the speaker's rate.
            has_clock: Whether callbacks have a time.
            tells_latency: Whether they know how long ago the sound was heard, and when it will be.
            render_from_s: When the speaker starts.
        """
        self.capture_hz, self.render_hz, self.has_clock = capture_hz, render_hz, has_clock
        self.latency_s, self.late_s = latency_ms / 1000, late_ms / 1000
        self.reads, self.torn_every, self.tells_latency = True, 0, tells_latency
        self.told_wrong_s = 0.0
        """By how much more than its latency the speaker tells."""
        self._flags = {"in": 0, "out": 0}
        self._moved_s = {"in": 0.0, "out": 0.0}
        self.taken: list[NDArray[np.float32]] = []
        self._mic: list[NDArray[np.float32]] = []
        self._reference: list[NDArray[np.float32]] = []
        self._frame_s = 1 / (render_hz * (1 + ppm * 1e-6))
        self._render_block, self._capture_block = round(render_hz * render_block_ms / 1000), capture_hz // 50
        self._sound = np.resize(noise(2.0) if played is None else played, 1 << 22)
        self._put = 0
        self._dice = np.random.default_rng(7)
        self.now_s, self._stopped_clock_s = 1000.0, 0.0
        self._due = {"in": self.now_s + 0.02, "out": self.now_s + render_from_s + 0.0073}
        self._comes = {direction: due + self._lateness() for direction, due in self._due.items()}
        self._heard: list[tuple[NDArray[np.float64], NDArray[np.float32]]] = []
        self.reopen()

    def reopen(self) -> None:
        """Go on with other streams, whose counts begin anew."""
        self.port = AudioPort(keep_reference=True)
        self.port.attach_input(self.capture_hz, 1)
        self.port.attach_output(self.render_hz, 1)
        self.aligner = ReferenceAligner(self.port, on_taken=self.taken.append)
        self._resampler = make_resampler(self.capture_hz, RATE_HZ)
        self._left = np.empty(0, np.float32)
        self._renders = self._last_ns = 0

    @property
    def mic(self) -> NDArray[np.float32]:
        """All that the microphone has heard and the reader has read."""
        return np.concatenate(self._mic)

    @property
    def reference(self) -> NDArray[np.float32]:
        """The reference beside it."""
        return np.concatenate(self._reference)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until_s = self.now_s + seconds
        while min(self._comes.values()) < until_s:
            direction = min(self._comes, key=lambda each: self._comes[each])
            self.now_s = self._comes[direction]
            if direction == "out":
                self._render()
            else:
                self._capture()
            self._comes[direction] = max(self.now_s, self._due[direction] + self._moved_s[direction] + self._lateness())
        self.now_s = until_s

    def lose(self, direction: str, seconds: float) -> None:
        """Let a stream stand still."""
        self._due[direction] += seconds
        self._flags[direction] = _XRUN[direction]
        self._comes[direction] += seconds

    def move_callbacks(self, direction: str, seconds: float) -> None:
        """Let the callbacks of a stream come later from now on, though no sound is lost: a server is busy."""
        self._moved_s[direction] += seconds

    def suspend(self, seconds: float, *, clock_goes_on: bool) -> None:
        """Let the machine sleep; the speaker wakes later than the microphone."""
        self.lose("in", seconds)
        self.lose("out", seconds + 0.08)
        self.now_s += seconds
        self._stopped_clock_s += 0.0 if clock_goes_on else seconds

    def skip(self, seconds: float) -> None:
        """Let the reader drop what the microphone has captured meanwhile."""
        self.reads = False
        self.run(seconds)
        self.reads = True
        assert self.port.capture is not None
        self.port.capture.get(self.port.capture.capacity)

    def lags_ms(self, seconds: float) -> NDArray[np.float64]:
        """Delay of the echo behind its reference, in windows of 0.2 s of the latest `seconds`; NaN without one."""
        window, searched = RATE_HZ // 5, round(_SEARCHED_S * RATE_HZ)
        mic, reference = self.mic, np.pad(self.reference.astype(np.float64), searched)
        lags = list[float]()
        for start in range(mic.size - round(seconds * RATE_HZ), mic.size - window + 1, window):
            heard = mic[start : start + window].astype(np.float64)
            sent = reference[start : start + window + 2 * searched]
            size = 1 << 15
            likeness = np.fft.irfft(np.fft.rfft(sent, size) * np.conj(np.fft.rfft(heard, size)), size)
            likeness = likeness[: 2 * searched + 1]
            best = int(np.argmax(likeness))
            is_found = likeness[best] > 0.3 * np.sum(heard**2) > 0
            lags.append(1000 * (searched - best) / RATE_HZ if is_found else np.nan)
        return np.array(lags)

    def _lateness(self) -> float:
        """Most callbacks are nearly in time."""
        return self.late_s * self._dice.uniform() ** 3

    def _tell_latency(self, word: int, seconds: float) -> None:
        if self.tells_latency:
            library().write_word(self.port.control_address, word, int(np.float64(seconds).view(np.int64)))

    def _stamp(self, word: int) -> None:
        self._renders += word == c.OUTPUT_LAST_NS
        if word == c.OUTPUT_LAST_NS and self.torn_every and self._renders % self.torn_every == 0:
            now_ns = self._last_ns  # a reader between the callback's two writes sees the time of the callback before
        else:
            now_ns = round((self.now_s - self._stopped_clock_s) * 1e9) if self.has_clock else 0
        if word == c.OUTPUT_LAST_NS:
            self._last_ns = now_ns
        library().write_word(self.port.control_address, word, now_ns)

    def _render(self) -> None:
        block = np.empty((self._render_block, 1), np.float32)
        assert self.port.playback is not None
        at = self._put % (self._sound.size - block.size)
        self._put += self.port.playback.put(self._sound[at : at + block.size])
        self.port.process(None, block, flags=self._flags["out"])
        self._flags["out"] = 0
        self._stamp(c.OUTPUT_LAST_NS)
        self._tell_latency(c.OUTPUT_LATENCY, self._due["out"] + self.latency_s + self.told_wrong_s - self.now_s)
        sounds_at_s = self._due["out"] + self.latency_s + self._frame_s * np.arange(block.size)
        if self._heard and sounds_at_s[0] - self._heard[-1][0][-1] > 0.001:
            edges = np.array([self._heard[-1][0][-1] + self._frame_s, sounds_at_s[0] - self._frame_s])
            self._heard.append((edges, np.zeros(2, np.float32)))
        self._heard.append((sounds_at_s.astype(np.float64), block[:, 0].copy()))
        del self._heard[:-_KEPT_BLOCKS]
        self._due["out"] += block.size * self._frame_s

    def _capture(self) -> None:
        frames = self._capture_block
        at_s = self._due["in"] + (np.arange(frames) - frames) / self.capture_hz
        heard = np.zeros(frames)
        if self._heard:
            times, samples = (np.concatenate(parts) for parts in zip(*self._heard, strict=True))
            heard = np.interp(at_s, times, samples, 0.0, 0.0)
        self.port.process(heard.astype(np.float32)[:, None], None, flags=self._flags["in"])
        self._flags["in"] = 0
        self._stamp(c.INPUT_LAST_NS)
        self._tell_latency(c.INPUT_LATENCY, self.now_s - self._due["in"] + 0.01)
        self._due["in"] += frames / self.capture_hz
        while self.reads and self._take():
            pass

    def _take(self) -> bool:
        """Read a block as the chain does, at its rate; tell whether there was one."""
        ring = self.port.capture
        assert ring is not None
        while self._left.size < BLOCK:
            fresh = ring.get(self._capture_block)
            if not fresh.size:
                return False
            self._left = np.concatenate([self._left, self._resampler.process(fresh)])
        block, self._left = self._left[:BLOCK], self._left[BLOCK:]
        self._mic.append(block)
        captured_end = ring.tail - round(self._left.size * self.capture_hz / RATE_HZ)
        self._reference.append(self.aligner.take(BLOCK, captured_end))
        return True
