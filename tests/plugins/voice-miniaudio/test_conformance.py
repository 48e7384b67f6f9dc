"""This backend passes the suite that the engine offers to authors; on real devices it plays a quiet tone."""

from __future__ import annotations

from voice_miniaudio import MiniaudioBackend

from engine.audio.device.conformance import BackendConformance


class TestMiniaudio(BackendConformance):
    make_backend = MiniaudioBackend
    openings = 40
    """Enough to see what one leaves behind; each takes PulseAudio 50 ms."""
