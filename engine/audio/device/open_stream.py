"""An open stream and its port, whose backend is blamed for what it raises."""

from __future__ import annotations

from engine.audio.device.blame import blaming
from engine.audio.device.patience import wait_for_sound
from engine.audio.device.protocol import Backend
from engine.audio.port.audio_port import AudioPort
from engine.audio.run_blocking import close_blocking
from engine.audio.types import StreamRequest


class OpenStream:
    """A port and the stream on it: memory of its own for each opening, whatever becomes of an older stream.

    Example:
        >>> from engine.audio.device.registry import load_backend
        >>> opened = OpenStream(load_backend("virtual"), AudioPort(), StreamRequest())
        >>> opened.info.output.rate_hz
        48000
        >>> opened.start()
        >>> opened.close()
    """

    def __init__(self, backend: Backend, port: AudioPort, request: StreamRequest) -> None:
        """Open, but do not start, the streams.

        Args:
            backend: Opens them.
            port: A new port, which the stream attaches to.
            request: The devices or files, and the length of a block.

        Raises:
            VoiceError: whatever the backend's `open` raises.
        """
        self._backend = backend
        self.port = port
        with blaming(backend):
            self._stream = wait_for_sound(lambda: backend.open(port, request), discard=lambda late: late.close())
            try:
                self.info = self._stream.info
            except BaseException:
                self.close()
                raise

    def start(self) -> None:
        """Let the blocks flow; where that fails the stream is closed.

        Raises:
            VoiceError: whatever the stream raises.
        """
        try:
            with blaming(self._backend):
                self._stream.start()
        except BaseException:
            self.close()
            raise

    @property
    def active(self) -> bool:
        """False once the stream has ended by itself."""
        with blaming(self._backend):
            return self._stream.active and not self.port.finished

    def close(self) -> None:
        """Close the stream; the port belongs to nobody then."""
        with blaming(self._backend):
            self._stream.close()
        self.port.retire()

    async def aclose(self, **patience: float) -> None:
        """Close the stream in a thread, as `close_blocking` does; the memory of one that hangs stays with it."""
        await close_blocking(self.close, **patience)
