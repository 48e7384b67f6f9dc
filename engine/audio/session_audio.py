"""The audio of one session: a port, the stream a backend opened on it, the capture and the player."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.audio.capture import Capture, MicBlock
from engine.audio.clock import loop_time_s
from engine.audio.device.blame import blaming, devices_of
from engine.audio.device.matching import describe, find_device, lasting_name
from engine.audio.device.open_stream import OpenStream
from engine.audio.device.protocol import Backend, Refreshes
from engine.audio.playback.player import Player
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.loop_waker import LoopWaker
from engine.audio.port.stats import StreamStats
from engine.audio.processing.microphone import Heard
from engine.audio.processing.session_chain import SessionChain
from engine.audio.recovery.device_diff import default_of
from engine.audio.recovery.policy import Wanted
from engine.audio.recovery.stall import StreamState
from engine.audio.soundcheck.diagnosis import exact_zeros
from engine.audio.types import Device, Direction, PlaybackStats, ProcessingReport, StreamInfo, StreamRequest
from engine.dsp.meter import db_to_linear, to_db
from engine.errors import RestartNeededError, VoiceError

_log = logging.getLogger(__name__)

BLOCK_MS = 20.0
"""Microphone block on the wire; the Yandex tutorial's."""
_MOST_INPUT_LATENCY_S = 0.1
"""A device that says more of itself is not believed: the beginnings of what is said after a key would be lost."""
_ZEROS_S = 2.0
"""Until a device that gives nothing but exact zeros is told of."""
_TICK_S = 0.25
"""Period of the calls without a signal, so that a stream that died without a word is noticed."""


class SessionAudio:
    """Opens the microphone and the speaker through a backend and serves both from one event loop.

    A stream that is lost can be exchanged for another (`release`, `open_again`, `adopt`); capture, player and counts
    go on. `engine.audio.recovery.runner` does that.

    Example:
        >>> import asyncio
        >>> from engine.audio.device.registry import load_backend
        >>> backend = load_backend("virtual")
        >>> audio = SessionAudio(backend, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
        >>> blocks = asyncio.Queue()
        >>> audio.watch(lambda signalled: [blocks.put_nowait(block) for block in audio.read_blocks()])
        >>> audio.start()
        >>> len((await blocks.get()).pcm16)  # 20 ms
        960
        >>> audio.close()
    """

    def __init__(
        self,
        backend: Backend,
        request: StreamRequest,
        *,
        input_rate_hz: int,
        output_rate_hz: int,
        block_ms: float = BLOCK_MS,
        volume_db: float = 0.0,
        mic_gain_db: float = 0.0,
        keep_played: bool = False,
        processing: SessionChain | None = None,
    ) -> None:
        """Open, but do not start, the streams.

        Args:
            backend: Opens the devices.
            request: The devices or files.
            input_rate_hz: The wire's rate of the microphone.
            output_rate_hz: The wire's rate of the answers.
            block_ms: Length of a microphone block on the wire.
            volume_db: Gain of the speaker.
            mic_gain_db: Gain of the microphone.
            keep_played: Whether `read_played` is used.
            processing: The processors between the microphone and the wire, if any.

        Raises:
            VoiceError: whatever the backend's `open` raises.
        """
        self.backend = backend
        self.can_recover = isinstance(backend, Refreshes)
        """True where a lost stream can be exchanged for another: the backend can see its devices anew. Looked at once:
        asking a protocol fifty times a second was a tenth of what the loop did in an idle session."""
        self._request = replace(request, sent_block_ms=block_ms)
        self._input_rate_hz = input_rate_hz
        self._block_ms = block_ms
        self._volume = db_to_linear(volume_db)
        self._ducked = 1.0
        self._mic_gain = db_to_linear(mic_gain_db)
        self._keep_played = keep_played
        self._processing = processing
        self._played: deque[NDArray[np.float32]] = deque()
        """Sound of the speaker that the chain has taken as its reference, for `read_played`."""
        self._played_lost = 0
        self._waker = LoopWaker(_TICK_S)
        self._earlier: StreamStats | None = None
        self._current: OpenStream | None = None
        self._capture: Capture | None = None
        try:
            opened = self._open()
            self.info: StreamInfo
            self._use(opened)
            self.player = Player(self.port, output_rate_hz)
            self._capture = self._make_capture()
            self.wanted = self._name_devices()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Let the microphone and the speaker run."""
        if self._current is not None:
            self._current.start()

    def watch(self, on_audio: Callable[[bool], None]) -> None:
        """Let the running loop call a function until the audio is closed; it serves the player.

        Args:
            on_audio: Is given True where the audio thread has something (a block, a cut, room, the last frame, the end
                of a stream), and False about four times a second, when it is time to check what nobody signals.
        """
        self._waker.watch(on_audio)

    def read_blocks(self) -> list[MicBlock]:
        """Return the blocks of the microphone that are complete."""
        if self._processing is not None and self._processing.microphone is not None:
            self._processing.microphone.pump()
        return self._capture.read_blocks() if self._capture else []

    def read_speech(self) -> list[Heard]:
        """Return the speech detector's judgements since the last call; none where the microphone is not processed."""
        microphone = self._processing.microphone if self._processing is not None else None
        if microphone is None:
            return []
        return [microphone.speech.popleft() for _ in range(len(microphone.speech))]

    @property
    def volume_db(self) -> float:
        """Gain of the speaker in dB."""
        return to_db(self._volume)

    @volume_db.setter
    def volume_db(self, volume_db: float) -> None:
        self._volume = db_to_linear(volume_db)
        self.port.gain = self._volume * self._ducked

    def duck(self, gain_db: float, *, over_ms: float) -> None:
        """Turn the answers down by so much, whatever the volume and the device; 0 turns them up again."""
        self._ducked = db_to_linear(gain_db)
        self.port.fade_gain(self._volume * self._ducked, over_ms=over_ms)

    def read_played(self) -> tuple[NDArray[np.float32], int]:
        """Return what the speaker was given since the last call, silences included, and its rate.

        Needs `keep_played`. The ring holds 5 s; what was lost because nobody read is silence at the end.
        """
        ring = self.port.reference
        if ring is None:
            return np.empty(0, np.float32), self.port.output_rate_hz
        taken = [self._played.popleft() for _ in range(len(self._played))]
        if self._processing is None or self._processing.microphone is None:
            taken.append(ring.get(ring.capacity))
        lost = self.port.reference_lost_frames
        missing, self._played_lost = lost - self._played_lost, lost
        return np.concatenate([*taken, np.zeros(missing, np.float32)]), self.port.output_rate_hz

    def said_now_s(self) -> float:
        """Time on the loop's clock at which a block will hold what is said now: a device takes its time."""
        source = self.info.input
        return loop_time_s() + min(source.latency_ms / 1000 if source else 0.0, _MOST_INPUT_LATENCY_S)

    @property
    def output_latency_s(self) -> float:
        """Time from the speaker's taking a frame until it sounds, as the device reports it."""
        return self.info.output.latency_ms / 1000 if self.info.output else 0.0

    @property
    def input_ended(self) -> bool:
        """True once the microphone's file is over (virtual backend)."""
        return self.port.input_ended

    @property
    def finished(self) -> bool:
        """True once the stream has said that it ended; quick, unlike `active`, which asks the device."""
        return self._current is not None and self.port.finished

    @property
    def silence(self) -> str:
        """A sentence on a microphone that has given exact zeros only: a device for 2 s, a file to its end; else ""."""
        source = self.info.input
        if source is None or self.port.heard:
            return ""
        if self.port.input_ended:
            return f"{source.device} holds no sound."
        zeros, frames = exact_zeros(source.host_api), self.port.stats().input_frames
        is_due = source.host_api and frames > _ZEROS_S * source.rate_hz
        return f"{zeros.text} {zeros.fix}" if is_due else ""

    @property
    def failure(self) -> VoiceError | None:
        """Why the stream has ended for good: a file is damaged, a disk is full; None where it may be opened again."""
        return self.port.failure

    @property
    def active(self) -> bool:
        """False once a stream has ended by itself, until another is adopted."""
        return self._current is not None and self._current.active

    def stream_state(self) -> StreamState:
        """State of the stream, for the stall detector."""
        input_calls, output_calls = self.port.calls
        listened = None if self.info.input is None else input_calls
        return StreamState(self.active, listened, output_calls, not self.player.drained)

    def release(self) -> OpenStream | None:
        """Give away the stream, to be closed, which may hang; `gone` follows. None where there is none."""
        opened, self._current = self._current, None
        if opened is not None:
            opened.port.set_wake_descriptor(-1)
        return opened

    def gone(self) -> None:
        """Note that the stream is closed: the player keeps what was not heard for the next one."""
        self.player.lose_device(unplayed_ms=self.info.output.latency_ms if self.info.output else 0.0)

    def open_again(self, devices: Sequence[Device]) -> OpenStream:
        """Open and start another stream on the devices that are wanted; from any thread, one at a time.

        Args:
            devices: As they are now. Where the backend cannot see them anew, what it listed before is opened.

        Raises:
            VoiceError: whatever the backend raises, and why it does not see the devices anew.
        """
        refresh_failure = ""
        if isinstance(self.backend, Refreshes):
            with blaming(self.backend):
                refresh_failure = self.backend.refresh() or ""
        try:
            source, target = (self._name_now(direction, devices if refresh_failure else ()) for direction in Direction)
            opened = self._open(replace(self._request, input=source, output=target))
            opened.start()
        except RestartNeededError:
            raise
        except VoiceError as error:
            raise error.reworded(message=f"{error.message} {refresh_failure}".rstrip()) from error
        if refresh_failure:
            _log.warning("%s", refresh_failure)
        return opened

    def _name_now(self, direction: Direction, devices: Sequence[Device]) -> str | None:
        """The name of the wanted device; the default's too, where the backend lists it, but perhaps not as that."""
        wanted, default = self.wanted.of(direction), default_of(devices, direction)
        if wanted is not None or default is None:
            return wanted
        is_listed = any(describe(device) == describe(default) for device in devices_of(self.backend))
        return lasting_name(devices, default, direction) if is_listed else None

    def adopt(self, opened: OpenStream) -> None:
        """Go on with that stream."""
        self._earlier = self.stats()
        self._use(opened)
        self._played_lost = 0
        self.player.move_to(self.port)
        self._capture = self._make_capture()

    def stats(self) -> StreamStats:
        """Snapshot of the counters, those of earlier streams included."""
        stats = self.port.stats()
        return stats.after(self._earlier) if self._earlier else stats

    def playback_stats(self) -> PlaybackStats:
        """Evenness of the answers' arrival, over all streams."""
        stats, playout_delay = self.stats(), self.player.playout_delay
        return PlaybackStats(
            late_starts=playout_delay.late_starts,
            late_start_ms=round(playout_delay.late_start_ms),
            underruns=stats.output_underruns,
            underrun_ms=round(1000 * stats.output_underrun_frames / self.port.output_rate_hz),
            playout_delay_ms=round(playout_delay.delay_ms),
        )

    def processing_report(self) -> ProcessingReport:
        """Return what was done to the microphone."""
        return self._processing.report() if self._processing is not None else ProcessingReport()

    def look_after_processing(self) -> list[str]:
        """Begin to process the microphone where that has become necessary; return sentences that were not yet told."""
        if self._processing is None:
            return []
        if self._capture is not None and self._current is not None:
            self._processing.look_again(self.info, self._begin_to_process)
        return [self._processing.warnings.popleft() for _ in tuple(self._processing.warnings)]

    def _begin_to_process(self) -> None:
        if self._capture is not None and self._current is not None:
            self._capture = self._make_capture()

    def close(self) -> None:
        """Stop and release the streams; safe to call twice."""
        if self._processing is not None:
            self._processing.close()
        opened = self.release()
        try:
            if opened is not None:
                opened.close()
        finally:
            self._waker.close()

    async def aclose(self) -> None:
        """Close from the running loop, which goes on meanwhile: a stream that hangs takes seconds."""
        self._waker.stop()
        if self._processing is not None:
            self._processing.close()
        opened = self.release()
        try:
            if opened is not None:
                await opened.aclose()
        finally:
            self._waker.close()

    def _open(self, request: StreamRequest | None = None) -> OpenStream:
        port = AudioPort(keep_reference=self._keep_played or self._processing is not None)
        port.gain = self._volume
        opened = OpenStream(self.backend, port, request or self._request)
        try:
            if self._processing is not None:
                self._processing.prepare(opened.info)
        except BaseException:
            opened.close()
            raise
        return opened

    def _use(self, opened: OpenStream) -> None:
        self._current, self.port, self.info = opened, opened.port, opened.info
        self.port.gain = self._volume * self._ducked
        self.port.set_wake_descriptor(self._waker.descriptor)

    def _make_capture(self) -> Capture | None:
        if self.info.input is None:
            return None
        heard = self._capture.at_sample if self._capture else 0
        port = self.port
        if self._processing is not None:
            port = self._processing.follow(port, on_done=self._waker.signal, on_played=self._note_played)
        return Capture(port, self._input_rate_hz, self._block_ms, gain=self._mic_gain, at_sample=heard)

    def _note_played(self, samples: NDArray[np.float32]) -> None:
        if self._keep_played:
            self._played.append(samples)  # on the chain's thread

    def _name_devices(self) -> Wanted:
        """The devices the person named, by names that last: an index means another device tomorrow."""
        request = self._request
        if not self.can_recover:
            return Wanted(request.input, request.output, request.directions)
        devices = devices_of(self.backend)
        names: list[str | None] = []
        for direction, name in ((Direction.INPUT, request.input), (Direction.OUTPUT, request.output)):
            is_any = name is None or name.strip().lower() == "default" or direction not in request.directions
            names.append(None if is_any else lasting_name(devices, find_device(devices, name, direction), direction))
        return Wanted(names[0], names[1], request.directions)
