"""Plays a voice on a speaker and records what a microphone hears of it, each block with its reference."""

from __future__ import annotations

import time

import numpy as np
import soxr

from benchmarks.signals.room import Signal
from engine.audio.device.blame import closing
from engine.audio.device.open_stream import OpenStream
from engine.audio.device.registry import open_backend, require_sound_card
from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.block_source import Block, BlockSource
from engine.audio.processing.protocol import RATE_HZ
from engine.audio.types import StreamInfo, StreamRequest
from engine.errors import NoDeviceError, StreamLostError

_POLL_S, _PATIENCE_S = 0.005, 5.0
"""Pause between two looks, and time beyond the sound's own: Bluetooth devices need a second to wake."""


def record_echo(request: StreamRequest, sound: Signal) -> tuple[Signal, Signal, StreamInfo]:
    """Return the microphone and the reference as a session's chain gets them, at its rate, and what was opened.

    Args:
        request: Names the devices.
        sound: Played once, at the chain's rate; up to 20 s.

    Raises:
        VoiceError: there are none, they cannot be opened, or they do not move.
    """
    found = open_backend("auto")
    with closing(found.backend):
        require_sound_card("auto", found)
        port = AudioPort(keep_reference=True)
        stream = OpenStream(found.backend, port, request)
        try:
            if port.playback is None or port.capture is None:
                raise NoDeviceError("An echo needs a speaker and a microphone.")
            port.playback.put(np.asarray(soxr.resample(sound, RATE_HZ, port.output_rate_hz), np.float32))
            source = BlockSource(port, ReferenceAligner(port))
            stream.start()
            blocks = _taken(source, sound.size)
        finally:
            stream.close()
    microphone, reference = (
        np.concatenate(parts) for parts in zip(*((block.samples, block.reference) for block in blocks), strict=True)
    )
    return microphone, reference, stream.info


def _taken(source: BlockSource, frames: int) -> list[Block]:
    blocks = list[Block]()
    deadline_s = time.monotonic() + frames / RATE_HZ + _PATIENCE_S
    while sum(block.samples.size for block in blocks) < frames:
        if (block := source.take()) is not None:
            blocks.append(block)
        elif time.monotonic() > deadline_s:
            raise StreamLostError("The devices stopped in the middle of the measurement.", fix="Try again.")
        else:
            time.sleep(_POLL_S)
    return blocks
