"""Lets a person hear a speaker and see a microphone before choosing them: one pair of devices is open at a time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.audio.device.open_stream import OpenStream
from engine.audio.device.protocol import Backend
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import StreamRequest
from engine.dsp.meter import db_to_linear, meter
from engine.errors import StreamLostError

_TONE_HZ, _TONE_S, _PAUSE_S = 440.0, 0.5, 0.5
_TONE_DB = -24.0
_FADE_S = 0.02
_AHEAD_S = 0.3
"""Length of the tone that is kept in the ring: more than a terminal takes between two looks."""


class Audition:
    """Opens a pair of devices, plays a tone on one and measures the other; used from one thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._stream: OpenStream | None = None
        self._port = AudioPort()
        self._tone = np.empty(0, np.float32)
        self._level_db = -math.inf

    def __enter__(self) -> Audition:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, request: StreamRequest, *, tone: bool) -> None:
        """Close the pair that was open, and open this one.

        Raises:
            VoiceError: it cannot be opened; nothing is open then.
        """
        self.close()
        self._port, self._level_db = AudioPort(), -math.inf
        stream = OpenStream(self._backend, self._port, request)
        stream.start()
        self._stream = stream
        self._tone = _tone(self._port.output_rate_hz) if tone else np.empty(0, np.float32)
        self.service()

    def service(self) -> float:
        """Keep the tone going, and return the latest peak of the microphone in dBFS; -inf for nothing.

        Raises:
            StreamLostError: one of the devices is gone.
        """
        port = self._port
        if self._stream is None or port.capture is None or port.playback is None:
            return -math.inf
        if port.finished:
            self.close()
            fix = "Plug it in again and start again, or choose another."
            raise port.failure or StreamLostError("The device is gone.", fix=fix)
        if self._tone.size and port.playback.head - port.playback.tail < _AHEAD_S * port.output_rate_hz:
            port.playback.put(self._tone)
        frames = port.capture.get(port.input_rate_hz)
        if frames.size:
            self._level_db = meter(frames).peak_db
        return self._level_db

    def close(self) -> None:
        """Release the devices; safe to call twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


def _tone(rate_hz: int) -> NDArray[np.float32]:
    """A tone that fades in and out, and a pause."""
    time_s = np.arange(int(rate_hz * _TONE_S)) / rate_hz
    edges = np.clip(np.minimum(time_s, _TONE_S - time_s) / _FADE_S, 0, 1)
    tone = db_to_linear(_TONE_DB) * edges * np.sin(2 * np.pi * _TONE_HZ * time_s)
    return np.concatenate([tone, np.zeros(int(rate_hz * _PAUSE_S))]).astype(np.float32)
