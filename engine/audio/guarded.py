"""Other people's backends at the engine's border: whatever they raise becomes one of the engine's errors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from engine.audio.backend import Backend, Device, ProbesRates, Refreshes, Stream, StreamInfo, StreamRequest
from engine.audio.devices import Direction
from engine.errors import LibraryMissingError, VoiceError

if TYPE_CHECKING:
    from engine.audio.port import AudioPort

REPAIR = "Repair or remove it, or choose another with --backend."


@contextlib.contextmanager
def blaming(named: str) -> Iterator[None]:
    """Turn what is no VoiceError into one that names the backend.

    Raises:
        VoiceError: what the backend raises by itself.
        LibraryMissingError: anything else that comes out of it, an exit of the program included.
    """
    try:
        yield
    except VoiceError:
        raise
    except (Exception, SystemExit) as error:
        raise LibraryMissingError(
            f"The audio backend {named} fails: {type(error).__name__}: {error}.", fix=REPAIR
        ) from error


class GuardedBackend:
    """A backend that raises nothing but the engine's errors, and offers what it guards offers besides."""

    def __init__(self, backend: Backend, named: str) -> None:
        self.backend = backend
        """The one that is guarded."""
        self._named = named
        self.name = backend.name
        self.protocol_version = backend.protocol_version
        # Attributes and not methods: whether there are any is how `Refreshes` and `ProbesRates` are told.
        if isinstance(backend, Refreshes):
            self.refresh: Callable[[], None] = blaming(named)(backend.refresh)
        if isinstance(backend, ProbesRates):
            self.opens_at: Callable[[Device, Direction, int], bool] = blaming(named)(backend.opens_at)

    def devices(self) -> list[Device]:
        """As `Backend.devices`."""
        with blaming(self._named):
            return self.backend.devices()

    def open(self, port: AudioPort, request: StreamRequest) -> GuardedStream:
        """As `Backend.open`."""
        with blaming(self._named):
            return GuardedStream(self.backend.open(port, request), self._named)

    def close(self) -> None:
        """As `Backend.close`."""
        with blaming(self._named):
            self.backend.close()


class GuardedStream:
    """A stream that raises nothing but the engine's errors, and offers what it guards offers besides."""

    def __init__(self, stream: Stream, named: str) -> None:
        self._stream = stream
        self._named = named

    @property
    def info(self) -> StreamInfo:
        """As `Stream.info`."""
        with blaming(self._named):
            return self._stream.info

    @property
    def active(self) -> bool:
        """As `Stream.active`."""
        with blaming(self._named):
            return self._stream.active

    def start(self) -> None:
        """As `Stream.start`."""
        with blaming(self._named):
            self._stream.start()

    def close(self) -> None:
        """As `Stream.close`."""
        with blaming(self._named):
            self._stream.close()
