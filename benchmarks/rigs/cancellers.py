"""Echo cancellers behind one protocol: this project's chain, and others' where they are installed."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from benchmarks.report.rivals import find_rival
from benchmarks.signals.room import Signal
from engine.audio.processing.chain import Chain
from engine.audio.processing.processors.webrtc import WebRtc
from engine.audio.processing.protocol import FRAMES, RATE_HZ

_TAIL_MS = 300


class Canceller(Protocol):
    """Takes the echo out of the microphone, 10 ms at a time."""

    @property
    def speech_probability(self) -> float | None:
        """Probability of speech in what it returned last; None where it does not know."""

    def process(self, microphone: Signal, speaker: Signal, /) -> Signal:
        """Return what is sent."""


def ours() -> Canceller:
    """Return the chain of a session as it is by default."""
    return Chain([WebRtc()])


class _LiveKit:
    speech_probability = None

    def __init__(self, rtc: Any) -> None:
        self._rtc = rtc
        self._module = rtc.AudioProcessingModule(echo_cancellation=True, noise_suppression=True, high_pass_filter=True)

    def process(self, microphone: Signal, speaker: Signal, /) -> Signal:
        far, near = (
            self._rtc.AudioFrame(bytearray(_pcm16(each)), RATE_HZ, 1, FRAMES) for each in (speaker, microphone)
        )
        self._module.process_reverse_stream(far)
        self._module.process_stream(near)
        return _float32(bytes(near.data))


class _Speex:
    speech_probability = None

    def __init__(self, library: Any) -> None:
        self._canceller = library.EchoCanceller.create(FRAMES, RATE_HZ * _TAIL_MS // 1000, RATE_HZ)

    def process(self, microphone: Signal, speaker: Signal, /) -> Signal:
        return _float32(self._canceller.process(_pcm16(microphone), _pcm16(speaker)))


def livekit() -> Canceller | None:
    """Return LiveKit's audio processing module; None where it is not installed."""
    rtc = find_rival("livekit.rtc")
    return rtc and _LiveKit(rtc)


def speexdsp() -> Canceller | None:
    """Return Speex's canceller with a tail of 300 ms; None where it is not installed."""
    library = find_rival("speexdsp")
    return library and _Speex(library)


def _pcm16(samples: Signal) -> bytes:
    return np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2").tobytes()


def _float32(pcm16: bytes) -> Signal:
    return np.frombuffer(pcm16, "<i2").astype(np.float32) / np.float32(32768)
