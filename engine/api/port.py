"""Audio without a conversation: blocks of a microphone at any rate, and arrays or files for a speaker."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from engine.api.backend import naming_origin, opened_backend, stream_request
from engine.api.options import SessionOptions
from engine.api.sound import Sound, pcm16_of, rate_of
from engine.audio.capture import Capture, MicBlock
from engine.audio.device.open_stream import OpenStream
from engine.audio.device.protocol import Backend
from engine.audio.playback.player import Player
from engine.audio.playback.segments import ItemKey
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.loop_waker import LoopWaker
from engine.audio.port.stats import StreamStats
from engine.audio.run_blocking import run_blocking
from engine.audio.types import Direction, StreamInfo
from engine.config import load_config
from engine.dsp.compile.library import load_kernels
from engine.dsp.meter import meter
from engine.dsp.pcm16 import pcm16_to_float32
from engine.errors import Advice, NotOpenError, StreamLostError

_TICK_S = 0.25
_MOST_BLOCKS = 500
"""10 s in blocks of 20 ms."""
_SOUND = ItemKey("", 0)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the microphone."""

    samples: NDArray[np.float32]
    """Mono, at the rate that was asked for."""
    captured_at_s: float
    """Moment at which its last frame was there, on the loop's clock."""
    at_sample: int
    """Position of its first sample in all that was captured."""

    @property
    def peak_db(self) -> float:
        """Peak in dBFS; -inf for silence."""
        return meter(self.samples).peak_db

    @property
    def rms_db(self) -> float:
        """Level in dBFS; -inf for silence."""
        return meter(self.samples).rms_db


def open_port(
    *,
    input: str | None = None,  # noqa: A002 - the option's name
    output: str | None = None,
    input_file: Path | str | None = None,
    output_file: Path | str | None = None,
    backend: str | Backend | None = None,
    rate_hz: int = 48_000,
    block_ms: float = 20.0,
) -> OpenPort:
    """Name a microphone, a speaker or both, to be opened as an asynchronous context.

    A direction without a device or a file stays closed; where nothing is named at all, both defaults are opened.

    Args:
        input, output: Devices as `find_device` reads them; `default` for the system's default.
        input_file, output_file: Files in their place.
        backend: Name of a backend, or one of the program's own.
        rate_hz: Rate of the blocks.
        block_ms: Length of a block.

    Raises:
        InvalidInputError: a value is impossible.

    Example:
        >>> async with open_port(input="default", backend="virtual", rate_hz=16000, block_ms=20) as port:
        ...     async for block in port:
        ...         break
        >>> block.samples.shape
        (320,)
    """
    options = SessionOptions(
        input=input,
        output=output,
        input_file=input_file,
        output_file=output_file,
        backend=backend,
        block_ms=block_ms,
    )
    return OpenPort(options, rate_of(rate_hz))


class OpenPort:
    """A microphone, a speaker or both; made by `open_port`, used from the event loop."""

    def __init__(self, options: SessionOptions, rate_hz: int) -> None:
        self._options = options
        self._rate_hz = rate_hz
        self._stack = contextlib.AsyncExitStack()
        self._stream: OpenStream | None = None
        self._capture: Capture | None = None
        self._player: Player | None = None
        self._blocks: deque[MicBlock] = deque(maxlen=_MOST_BLOCKS)
        self._arrived = asyncio.Event()
        self._was_opened = self._input_over = self._is_over = False
        self._failure: Exception | None = None
        self.missed_blocks = 0
        """Blocks that were dropped because the program did not read them in time."""

    async def __aenter__(self) -> OpenPort:
        """Open the devices and let the blocks flow.

        Raises:
            VoiceError: one of them cannot be opened, or the port was opened before.
        """
        if self._was_opened:
            raise NotOpenError("A port is opened once.", fix="Make another one.")
        self._was_opened = True
        async with contextlib.AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything; the loop goes on meanwhile, and whoever waits for the port waits no longer."""
        self._is_over = True
        self._arrived.set()
        await self._stack.aclose()

    def __aiter__(self) -> OpenPort:
        """Read the blocks of the microphone, until its file has ended or the port is closed."""
        return self

    async def __anext__(self) -> Block:
        """Return the next block.

        Raises:
            StreamLostError: the device is gone.
            NotOpenError: no microphone was opened.
        """
        if self._capture is None:
            raise _not_open("microphone")
        await self._until(lambda: bool(self._blocks) or self._input_over)
        if not self._blocks:
            raise StopAsyncIteration
        pcm16, captured_at_s, at_sample = self._blocks.popleft()
        return Block(pcm16_to_float32(np.frombuffer(pcm16, "<i2")), captured_at_s, at_sample)

    def play(self, sound: Sound, rate_hz: int | None = None) -> None:
        """Play samples or a file behind what is being played; an array without a rate has that of the port.

        Raises:
            InvalidInputError: the sound or its rate cannot be played.
            NotOpenError: no speaker is open.
        """
        player = self._speaker
        player.write(_SOUND, pcm16_of(sound, self._rate_hz if rate_hz is None else rate_hz, self._rate_hz))
        player.end_item(_SOUND)

    def stop(self) -> None:
        """Fade out what is being played, and drop the rest."""
        self._speaker.stop()

    async def played(self) -> None:
        """Wait until everything was given to the device, or the port is closed.

        Raises:
            StreamLostError: the device is gone.
        """
        player = self._speaker
        await self._until(lambda: player.drained)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not (holds() or self._is_over):
            if self._failure is not None:
                raise self._failure
            self._arrived.clear()
            await self._arrived.wait()

    @property
    def info(self) -> StreamInfo:
        """Devices or files, as they were opened."""
        return self._opened.info

    @property
    def stats(self) -> StreamStats:
        """Counters, levels of the microphone's newest block, and positions in frames of the devices."""
        return self._opened.port.stats()

    @property
    def _opened(self) -> OpenStream:
        if self._stream is None or self._is_over:
            raise _not_open("port")
        return self._stream

    @property
    def _speaker(self) -> Player:
        if self._player is None or self._is_over:
            raise _not_open("speaker")
        return self._player

    async def _open(self, stack: contextlib.AsyncExitStack) -> None:
        options, audio = self._options, load_config().audio
        stack.enter_context(naming_origin(audio))
        await run_blocking(load_kernels)
        named = {
            Direction.INPUT: options.input is not None or options.input_file is not None,
            Direction.OUTPUT: options.output is not None or options.output_file is not None,
        }
        wanted = tuple(direction for direction in Direction if named[direction] or not any(named.values()))
        found = await stack.enter_async_context(opened_backend(options, audio, wanted))
        request = stream_request(options, audio, found.backend.name, wanted)
        waker = LoopWaker(_TICK_S)
        stack.callback(waker.close)
        port = AudioPort()
        open_stream = functools.partial(OpenStream, found.backend, port, request)
        stream = await run_blocking(open_stream, discard=OpenStream.close)
        stack.push_async_callback(stream.aclose)
        stack.callback(waker.stop)
        if Direction.INPUT in wanted:
            self._capture = Capture(port, self._rate_hz, options.block_ms or 0.0)
        if Direction.OUTPUT in wanted:
            self._player = Player(port, self._rate_hz)
        port.set_wake_descriptor(waker.descriptor)
        waker.watch(functools.partial(self._serve, stream))
        stream.start()
        self._stream = stream

    def _serve(self, stream: OpenStream, signalled: bool) -> None:
        try:
            input_over = stream.port.input_ended  # asked before the blocks are read: none comes after them
            if self._player is not None:
                self._player.service()
                self._player.take_cut()
            for block in self._capture.read_blocks() if self._capture is not None else ():
                self.missed_blocks += len(self._blocks) == _MOST_BLOCKS
                self._blocks.append(block)
            if (failure := stream.port.failure) or stream.port.finished or not (signalled or stream.active):
                raise failure or StreamLostError(
                    "The audio device ended its stream.", fix=f"Choose another device: {Advice.DEVICES}"
                )
            self._input_over = input_over
        except Exception as error:  # nobody above but the loop, which would only log it, fifty times a second
            self._failure = error
        self._arrived.set()


def _not_open(what: str) -> NotOpenError:
    return NotOpenError(f"No {what} is open here.", fix="Name it to `open_port`, and use it inside its block.")
