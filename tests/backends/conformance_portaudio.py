"""The conformance of the backends of devices, on the virtual card that the environment names: run by test_conformance.

PortAudio reads ALSA's configuration when it is loaded, so pytest itself starts with the card in its environment.
"""

from __future__ import annotations

from functools import partial

from backends.pyaudio import PyAudioBackend
from backends.sounddevice import SounddeviceBackend
from engine.audio.device.conformance import BackendConformance
from engine.audio.types import StreamRequest

_CARD = StreamRequest(input="vmic", output="vspk")


class TestSounddevice(BackendConformance):
    make_backend = SounddeviceBackend
    request = _CARD


class TestPyaudio(BackendConformance):
    make_backend = PyAudioBackend
    request = _CARD


class TestPyaudioPump(BackendConformance):
    make_backend = partial(PyAudioBackend, native=False)
    request = _CARD
    openings = 40
