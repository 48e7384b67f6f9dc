"""Drives a port from a thread with blocking reads or writes, where PyAudio's PortAudio cannot be reached.

Degraded: the thread needs the interpreter between two blocks. PyAudio's exception flags are off because an exception
on an xrun would destroy the stream.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from backends.portaudio import BLOCK_MS, INVALID_CHANNEL_COUNT, Opening, PortAudioFailure
from engine.audio.types import Direction

_log = logging.getLogger(__name__)


class PumpedStream:
    """One direction: a blocking PyAudio stream and the thread that moves its blocks through the kernel."""

    def __init__(self, pyaudio: Any, opening: Opening, rate_hz: int, channels: int) -> None:
        """Open a blocking stream.

        Args:
            pyaudio: A `pyaudio.PyAudio` instance.
            opening: The device and side to open, and its port.
            rate_hz: Its rate.
            channels: Number of channels.

        Raises:
            PortAudioFailure: PortAudio refuses.
        """
        self.rate_hz, self.channels = rate_hz, channels
        self.block_frames = opening.block_frames(rate_hz) or round(rate_hz * BLOCK_MS / 1000)
        self._port, self._direction = opening.port, opening.direction
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"voice-pump-{self._direction.value}", daemon=True)
        is_input, index = self._direction is Direction.INPUT, opening.device.index
        try:
            self._stream = pyaudio.open(
                rate=self.rate_hz,
                channels=self.channels,
                format=1,
                input=is_input,
                output=not is_input,
                input_device_index=index if is_input else None,
                output_device_index=None if is_input else index,
                frames_per_buffer=self.block_frames,
                start=False,
            )
        except OSError as error:
            raise failure_of(error) from error
        except ValueError as error:
            raise PortAudioFailure(INVALID_CHANNEL_COUNT, str(error)) from error
        latency_s = self._stream.get_input_latency() if is_input else self._stream.get_output_latency()
        self.latency_ms = 1000 * latency_s

    @property
    def active(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the stream and its thread.

        Raises:
            PortAudioFailure: PortAudio refuses.
        """
        try:
            self._stream.start_stream()
        except OSError as error:
            raise failure_of(error) from error
        self._thread.start()

    def close(self) -> None:
        """End the thread, then the stream."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._stream.close()

    def _run(self) -> None:
        import numpy as np  # noqa: PLC0415 - a process that only lists devices needs none

        block = np.zeros((self.block_frames, self.channels), np.float32)
        self._port.ask_for_priority(self._direction)
        try:
            while not self._ending.is_set():
                if self._direction is Direction.INPUT:
                    data = self._stream.read(self.block_frames, exception_on_overflow=False)
                    block = np.frombuffer(data, np.float32).reshape(-1, self.channels)
                    self._port.process(block, None)
                else:
                    self._port.process(None, block)
                    self._stream.write(block.tobytes(), self.block_frames, exception_on_underflow=False)
        except OSError as error:
            _log.error("The %s stream ended by itself: %s.", self._direction.value, failure_of(error).text)
        finally:
            self._port.finish()


def failure_of(error: OSError) -> PortAudioFailure:
    """PortAudio's code and words, wherever PyAudio has put them."""
    code = next((arg for arg in error.args if isinstance(arg, int)), 0)
    return PortAudioFailure(code, next((arg for arg in error.args if isinstance(arg, str)), "unknown error"))
