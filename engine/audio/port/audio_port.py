"""The port: the only meeting point of a device and the engine.

It owns the capture ring, the playback ring, the echo-reference ring and the control block, in memory that never
moves, and the addresses by which a backend hands the compiled kernel to PortAudio. Whoever opens a stream on a port
keeps the port alive until the stream is closed: PortAudio keeps nothing alive.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.audio.kernels import control as c
from engine.audio.port.priority import AudioThread, audio_thread
from engine.audio.port.ring import Ring
from engine.audio.port.stats import StreamStats
from engine.audio.port.waker import ThreadWaker
from engine.audio.types import Direction
from engine.dsp.compile.library import library
from engine.dsp.memory import Pinned, address_of, aligned_words, is_plain
from engine.dsp.meter import to_db
from engine.errors import InvalidInputError, StreamLostError, VoiceError

CAPTURE_S = 5.0
"""Longest stall of Python in which nothing of the microphone is lost."""
PLAYBACK_S = 20.0
"""Length of an answer that plays on whole while the interpreter is busy; more waits in the player's queue."""
FADE_MS = 8.0
"""Short enough to be silence at once, long enough not to click."""
_LEAST_CHANGE = 0.01
"""Least change that a fade is made for: a block that comes while it is asked for may have moved the gain."""
_MOST_LATENCY_S = 1.0
"""A latency above this is a clock of another kind: some systems set one of a callback's times only."""
_FLOAT32 = np.dtype(np.float32)
_PRIORITY_WORDS = {Direction.INPUT: c.INPUT_PRIORITY, Direction.OUTPUT: c.OUTPUT_PRIORITY}


@dataclass(frozen=True, slots=True)
class CutRecord:
    """One interruption as the kernel carried it out; positions in frames of the playback ring."""

    asked: int
    cut_at: int
    """The device has taken everything before this, the fade included."""
    at_ns: int
    """End of the fade on the clock of `time.monotonic_ns`; 0 where the system has no clock."""


class AudioPort(Pinned):
    """The rings and counters between one session and the streams of one backend.

    A backend calls `attach_input` and `attach_output` with what it opened, then passes `callback_address`,
    `finished_address` and `control_address` to PortAudio, or calls `process` itself.

    Example:
        >>> port = AudioPort()
        >>> port.attach_output(48000, channels=2)
        >>> port.playback.put(np.full(480, 0.5, np.float32))
        480
        >>> block = np.empty((480, 2), np.float32)
        >>> port.process(None, block)
    """

    control_words = c.WORDS
    """A port with a callback of its own may ask for more."""

    def __init__(self, *, keep_reference: bool = False) -> None:
        """Make a port without rings; `keep_reference` records what is played, for an echo canceller."""
        self._control = aligned_words(max(c.WORDS, self.control_words))
        self.control_address = int(self._control.ctypes.data)
        self._floats = self._control.view(np.float64)
        self._keep_reference = keep_reference
        self.capture: Ring | None = None
        self.playback: Ring | None = None
        self.reference: Ring | None = None
        self.input_ended = False
        self._failure: VoiceError | None = None
        self._stamped_cuts = 0
        self._thread_waker: ThreadWaker | None = None
        self.set_wake_descriptor(-1)
        self.gain = 1.0
        self._floats[c.GAIN_NOW] = 1.0
        self.wake_at_captured(c.NEVER)
        self.wake_at_played(c.NEVER)

    @property
    def callback_address(self) -> int:
        """PaStreamCallback; its user data is `control_address`."""
        return library().addresses["stream_callback"]

    @property
    def finished_address(self) -> int:
        """PaStreamFinishedCallback, with the same user data."""
        return library().addresses["finished_callback"]

    def attach_input(self, rate_hz: int, channels: int) -> None:
        """Make the capture ring for a microphone of this rate; once, before the stream starts.

        Raises:
            InvalidInputError: an impossible format, or there is a ring already, which a stream may be using.
        """
        _check_format(rate_hz, channels, self.capture)
        self.capture = Ring(int(rate_hz * CAPTURE_S))
        self._control[c.INPUT_CHANNELS] = channels
        self._control[c.INPUT_RATE_HZ] = rate_hz
        self._control[c.CAPTURE_RING] = self.capture.handle

    def attach_output(self, rate_hz: int, channels: int) -> None:
        """Make the playback ring (and the reference ring) for a speaker of this rate; once, before the stream starts.

        Raises:
            InvalidInputError: an impossible format, or there is a ring already, which a stream may be using.
        """
        _check_format(rate_hz, channels, self.playback)
        self.playback = Ring(int(rate_hz * PLAYBACK_S))
        if self._keep_reference:
            self.reference = Ring(int(rate_hz * CAPTURE_S))
            self._control[c.REFERENCE_RING] = self.reference.handle
        self._control[c.OUTPUT_CHANNELS] = channels
        self._control[c.OUTPUT_RATE_HZ] = rate_hz
        self._control[c.FADE_FRAMES] = round(rate_hz * FADE_MS / 1000)
        self._control[c.PLAYBACK_RING] = self.playback.handle

    @property
    def input_rate_hz(self) -> int:
        """Rate of the microphone, 0 where there is none."""
        return self._control.item(c.INPUT_RATE_HZ)

    @property
    def output_rate_hz(self) -> int:
        """Rate of the speaker, 0 where there is none."""
        return self._control.item(c.OUTPUT_RATE_HZ)

    def process(
        self,
        source: NDArray[np.float32] | None,
        output: NDArray[np.float32] | None,
        *,
        flags: int = 0,
    ) -> None:
        """Move one block, as the audio thread would: for a pump thread or a clock.

        Args:
            source: Microphone block, float32 (frames, channels), contiguous; None for none.
            output: Speaker block to fill, the same shape rules.
            flags: PaStreamCallbackFlags.

        Raises:
            InvalidInputError: an array of another dtype, shape or layout than was attached, or two lengths.
        """
        frames_in = self._frames_of(source, c.INPUT_CHANNELS)
        frames_out = self._frames_of(output, c.OUTPUT_CHANNELS)
        if source is not None and output is not None and frames_in != frames_out:
            raise InvalidInputError(
                f"Both blocks must have one length, not {frames_in} frames in and {frames_out} out."
            )
        if output is not None and not output.flags.writeable:
            raise InvalidInputError("The speaker's block must be writable.")
        source_address = 0 if source is None else address_of(source)
        output_address = 0 if output is None else address_of(output)
        frames, process = max(frames_in, frames_out), library().process
        try:
            process(self.control_address, source_address, output_address, frames, flags)
        except ctypes.ArgumentError:
            raise InvalidInputError("Flags are a whole number.") from None

    def _frames_of(self, block: NDArray[np.float32] | None, channels_word: int) -> int:
        if block is None:
            return 0
        channels = self._control.item(channels_word)
        if not is_plain(block, _FLOAT32, 2) or block.shape[1] != channels:
            raise InvalidInputError(f"Blocks are contiguous float32 of shape (frames, {channels}).")
        return len(block)

    def ask_for_priority(self, direction: Direction) -> None:
        """Ask for real-time priority for the calling thread, which pumps this direction and waits for its device.

        The compiled callback does so by itself. A thread that does not wait for a device must not: it would keep
        every other from the processor.
        """
        library().ask_once(self.control_address + 8 * _PRIORITY_WORDS[direction])

    def audio_thread(self, direction: Direction) -> AudioThread:
        """The thread that moves the blocks of a direction, and its scheduling."""
        word = _PRIORITY_WORDS[direction]
        answer = self._read(word)
        return audio_thread(self._control.item(word + 1), answer)

    def _read(self, word: int) -> int:
        """Acquire a word: what the kernel wrote before it is visible afterwards. Counters are read plainly."""
        return library().read_word(self.control_address, word)

    def _write(self, word: int, value: int) -> None:
        library().write_word(self.control_address, word, value)

    @property
    def gain(self) -> float:
        """Linear playback gain; a change is ramped over the next block."""
        return self._floats.item(c.GAIN)

    @gain.setter
    def gain(self, linear: float) -> None:
        self.fade_gain(linear, over_ms=0.0)

    def fade_gain(self, linear: float, *, over_ms: float) -> None:
        """Change the gain evenly; a fade shorter than a block takes a block."""
        change = max(abs(linear - self._floats.item(c.GAIN_NOW)), _LEAST_CHANGE)
        # The slope first: a block in between goes on to the old value with it, and the new one is still before it.
        self._floats[c.GAIN_SLOPE] = change / max(1.0, over_ms * self.output_rate_hz / 1000)
        self._floats[c.GAIN] = linear

    @property
    def finished(self) -> bool:
        """True once a stream has ended, by itself or because it was closed."""
        return self._read(c.FINISHED) != 0

    @property
    def failure(self) -> VoiceError | None:
        """Why the stream has ended for good, where that is known: it need not be opened again."""
        if self._control.item(c.UNCLOCKED):
            return StreamLostError(
                "The audio device has no clock: it takes and gives sound as fast as the processor can.",
                fix="Choose another device; a null or file device of ALSA is none to talk through.",
            )
        return self._failure

    @property
    def heard(self) -> bool:
        """True once the microphone has given anything but exact zeros."""
        return self._control.item(c.INPUT_HEARD) != 0

    def finish(self, failure: VoiceError | None = None) -> None:
        """Note that a stream driven from Python has ended by itself, and why if it knows."""
        self._failure = self._failure or failure
        library().finish(self.control_address)

    def stamp(self, now_ns: int) -> None:
        """Say when the blocks since the last call were moved, on a clock that is not the system's: a virtual one."""
        self._write(c.INPUT_LAST_NS, now_ns)
        self._write(c.OUTPUT_LAST_NS, now_ns)
        cuts = self._read(c.CUTS)
        for number in range(max(self._stamped_cuts, cuts - c.CUT_LOG_ENTRIES), cuts):
            self._write(c.CUT_LOG + c.CUT_LOG_WORDS * (number % c.CUT_LOG_ENTRIES) + 2, now_ns)
        self._stamped_cuts = cuts

    def end_input(self) -> None:
        """Note that the microphone's file is over; silence may follow."""
        self.input_ended = True

    def set_wake_descriptor(self, descriptor: int) -> None:
        """Name the descriptor the kernel writes to; -1 for none."""
        self._write(c.WAKE_DESCRIPTOR, descriptor)
        self._write(c.CAPTURE_DESCRIPTOR, descriptor)

    def wake_thread_at_captured(self, waker: ThreadWaker) -> None:
        """Let the microphone wake a thread of its own, instead of whom `set_wake_descriptor` named before."""
        self._thread_waker = waker  # the kernel may write to its descriptor as long as there is a stream
        self._write(c.CAPTURE_DESCRIPTOR, waker.descriptor)

    def wake_at_captured(self, position: int) -> None:
        """Wake once the capture ring has been filled up to `position`."""
        self._write(c.WAKE_AT_CAPTURED, position)

    def wake_at_played(self, position: int) -> None:
        """Wake once the device has taken everything before `position`."""
        self._write(c.WAKE_AT_PLAYED, position)

    def expect_more(self, expecting: bool) -> None:
        """Say whether an answer is still coming in, so that an empty ring counts as an underrun."""
        self._write(c.EXPECTING, int(expecting))

    def drop_before(self, position: int) -> None:
        """Fade out what sounds and drop everything before `position`: one atomic store.

        Raises:
            InvalidInputError: nothing was put there yet, or there is no output.
        """
        if self.playback is None:
            raise InvalidInputError("A port with no output has nothing to drop.")
        # Checked here: elsewhere the kernel would count room, and frames, that are not there.
        beyond = position - self.playback.head
        if position < 0 or beyond > 0:
            wrong = (
                f"{beyond} frame{'s' if beyond > 1 else ''} beyond what was put"
                if beyond > 0
                else "before the beginning"
            )
            raise InvalidInputError(f"Position {position} is {wrong}.")
        self._write(c.DROP_BEFORE, position)

    def retire(self) -> None:
        """Wake nobody and drop what is in the ring, should a stream that would not close come to life again."""
        self.set_wake_descriptor(-1)
        if self.playback is not None:
            self.expect_more(False)
            self.drop_before(self.playback.head)

    @property
    def dropped_before(self) -> int:
        """The last position given to `drop_before` that the kernel has carried out."""
        return self._read(c.DROPPED_BEFORE)

    @property
    def reference_lost_frames(self) -> int:
        """Frames that were played and found no room in the reference ring."""
        return self._control.item(c.REFERENCE_OVERFLOW_FRAMES)

    def cuts(self) -> list[CutRecord]:
        """The latest interruptions the kernel has carried out, oldest first."""
        log = np.empty((c.CUTS_KEPT, c.CUT_LOG_WORDS), np.int64)
        count = library().read_cuts(self.control_address, log.ctypes.data)
        return [CutRecord(*entry) for entry in log[:count].tolist()]

    @property
    def last_render_ns(self) -> int:
        """Time of the last output callback on the clock of `time.monotonic_ns`; 0 where there is no clock."""
        return self._control.item(c.OUTPUT_LAST_NS)

    @property
    def last_capture_ns(self) -> int:
        """Time of the last input callback on the same clock."""
        return self._control.item(c.INPUT_LAST_NS)

    @property
    def xruns(self) -> int:
        """Xruns that both devices told so far."""
        return self._control.item(c.INPUT_XRUNS) + self._control.item(c.OUTPUT_XRUNS)

    @property
    def latency_s(self) -> float:
        """Latency of both devices at the last callback, as they told it; 0 where one of them did not."""
        told = self._floats.item(c.INPUT_LATENCY), self._floats.item(c.OUTPUT_LATENCY)
        return sum(told) if all(0.0 < latency < _MOST_LATENCY_S for latency in told) else 0.0

    @property
    def sounding(self) -> bool:
        """True if the last frame the device has taken was one of an answer."""
        return self._control.item(c.SOUNDING) != 0

    @property
    def rendered_frames(self) -> int:
        """Frames the device has taken so far, silence included: its own clock."""
        return self._control.item(c.OUTPUT_FRAMES)

    @property
    def render_frames(self) -> int:
        """Frames of an output block, on average; 0 before the first."""
        return self._control.item(c.OUTPUT_FRAMES) // max(1, self._control.item(c.OUTPUT_CALLS))

    @property
    def calls(self) -> tuple[int, int]:
        """Number of callbacks of input and of output so far."""
        return self._control.item(c.INPUT_CALLS), self._control.item(c.OUTPUT_CALLS)

    def stats(self) -> StreamStats:
        """Take a snapshot of all counters."""
        read = self._control.item
        return StreamStats(
            input_calls=read(c.INPUT_CALLS),
            input_frames=read(c.INPUT_FRAMES),
            input_overflow_frames=read(c.INPUT_OVERFLOW_FRAMES),
            input_xruns=read(c.INPUT_XRUNS),
            input_peak_db=to_db(self._floats.item(c.INPUT_PEAK)),
            input_rms_db=to_db(self._floats.item(c.INPUT_RMS)),
            output_calls=read(c.OUTPUT_CALLS),
            output_frames=read(c.OUTPUT_FRAMES),
            output_underrun_frames=read(c.OUTPUT_UNDERRUN_FRAMES),
            output_underruns=read(c.UNDERRUNS),
            output_xruns=read(c.OUTPUT_XRUNS),
            output_peak_db=to_db(self._floats.item(c.OUTPUT_PEAK)),
            captured_position=self.capture.head if self.capture else 0,
            played_position=self.playback.tail if self.playback else 0,
            written_position=self.playback.head if self.playback else 0,
            input_priority=self.audio_thread(Direction.INPUT).priority,
            output_priority=self.audio_thread(Direction.OUTPUT).priority,
        )


def _check_format(rate_hz: int, channels: int, earlier: Ring | None) -> None:
    if earlier is not None:
        raise InvalidInputError(
            "This direction of the port is already attached; another stream needs a port of its own."
        )
    if rate_hz < 1000 or channels < 1:
        raise InvalidInputError(f"A stream of {channels} channels at {rate_hz} Hz is impossible.")
