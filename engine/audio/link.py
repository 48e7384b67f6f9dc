"""The audio of one session: a port, the stream a backend opened on it, the recorder and the player."""

from __future__ import annotations

from engine.audio.backend import Backend, Stream, StreamInfo, StreamRequest
from engine.audio.player import Player
from engine.audio.port import AudioPort
from engine.audio.recorder import MicBlock, Recorder
from engine.audio.stats import StreamStats
from engine.audio.wake import Wake
from engine.dsp.gain import db_to_linear

BLOCK_MS = 20.0
"""Microphone block on the wire; the Yandex tutorial's."""
_LOOK_AGAIN_S = 0.25
"""`wait` returns at least this often, so that a stream that died without a word is noticed."""


class AudioLink:
    """Opens the microphone and the speaker through a backend and serves both from one event loop.

    Example:
        >>> link = AudioLink(backend, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
        >>> link.start()
        >>> try:
        ...     await link.wait()
        ...     block = link.read_block()
        ... finally:
        ...     link.close()
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
    ) -> None:
        """Open, but do not start, the streams.

        Args:
            backend: Where the devices come from.
            request: Which devices or files.
            input_rate_hz: The wire's rate of the microphone.
            output_rate_hz: The wire's rate of the answers.
            block_ms: Length of a microphone block on the wire.
            volume_db: Gain of the speaker.
            mic_gain_db: Gain of the microphone.

        Raises:
            VoiceError: whatever the backend's `open` raises.
        """
        self._wake = Wake()
        self._port = AudioPort()
        self._stream: Stream | None = None
        try:
            self._port.set_wake_descriptor(self._wake.descriptor)
            self._port.gain = db_to_linear(volume_db)
            self._stream = backend.open(self._port, request)
            self.info: StreamInfo = self._stream.info
            self.player = Player(self._port, output_rate_hz)
            self._recorder = Recorder(self._port, input_rate_hz, block_ms, gain=db_to_linear(mic_gain_db))
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Let the microphone and the speaker run."""
        if self._stream is not None:
            self._stream.start()

    async def wait(self) -> None:
        """Return when the audio thread has something: a block, a cut, room, the last frame, the end of a stream."""
        await self._wake.wait(_LOOK_AGAIN_S)
        self.player.service()

    def read_block(self) -> MicBlock | None:
        """Return the next block of the microphone, or None while it is not complete."""
        return self._recorder.read_block()

    @property
    def input_ended(self) -> bool:
        """True once the microphone's file is over (virtual backend)."""
        return self._port.input_ended

    @property
    def active(self) -> bool:
        """False once a stream has ended by itself."""
        return self._stream is not None and self._stream.active and not self._port.finished

    def stats(self) -> StreamStats:
        """Snapshot of the port's counters."""
        return self._port.stats()

    def close(self) -> None:
        """Stop and release the streams; safe to call twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        self._wake.close()
