"""Lengths of blocks: what was asked for, else what suits the device and its sound server."""

from __future__ import annotations

import pytest

from backends.portaudio import Opening, block_ms_of
from engine.audio.platforms import JACK
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, Direction, StreamRequest

CARD = Device(0, "USB Audio", "ALSA", 1, 2, 48000)
PULSE = Device(1, "default", "ALSA", 32, 32, 44100)
PIPEWIRE = Device(2, "pipewire", "ALSA", 64, 64, 44100)
SYSTEM = Device(3, "system", JACK, 2, 2, 48000)
HEADSET = Device(1000, "Headset", "PulseAudio", 0, 2, 48000)
PIPEWIRES_HEADSET = Device(1000, "Headset", "PipeWire", 0, 2, 48000)


@pytest.mark.parametrize(
    ("device", "others", "microphone", "speaker"),
    [
        (CARD, [PIPEWIRES_HEADSET], 960, 480),
        (PULSE, [HEADSET], 960, 480),
        # PipeWire runs at the power of two below: 512 of both.
        (PIPEWIRE, [], 960, 512),
        (PULSE, [PIPEWIRES_HEADSET], 960, 512),
        (SYSTEM, [PIPEWIRES_HEADSET], 0, 0),
    ],
    ids=["card", "PulseAudio", "PipeWire's plugin", "PulseAudio's plugin to PipeWire", "JACK"],
)
def test_a_block_suits_the_sound_server(device: Device, others: list[Device], microphone: int, speaker: int) -> None:
    request = StreamRequest(sent_block_ms=20.0)
    assert frames(request, Direction.INPUT, device, others) == microphone
    assert frames(request, Direction.OUTPUT, device, others) == speaker
    asked = StreamRequest(sent_block_ms=20.0, block_ms=5.0)
    assert {frames(asked, direction, device, others) for direction in Direction} == {240}


def frames(request: StreamRequest, direction: Direction, device: Device, others: list[Device]) -> int:
    """Frames per callback at 48 kHz."""
    block_ms = block_ms_of(request, direction, device, [device, *others])
    return Opening(AudioPort(), device, direction, block_ms).block_frames(48000)
