"""A detector that takes long: it loads its network when the speaker first sounds."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from engine.audio.processing import microphone
from engine.audio.processing.speech import SpeechDetector, SpeechLevel
from tests.audio.processing.test_microphone import Rig, Same, _noise, release

__all__ = ["release"]


async def test_a_detector_that_loads_its_model_for_long_does_not_make_a_block_come_twice(
    monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    entered = threading.Event()

    def load(*_: object, **__: object) -> SpeechLevel:
        entered.set()
        release.wait(60)
        return SpeechLevel.NONE

    monkeypatch.setattr(SpeechDetector, "take", load)
    rig, sound = Rig(Same()), _noise(960 * 2)
    rig.say(sound[:960])
    assert await asyncio.to_thread(entered.wait, 30)
    with monkeypatch.context() as patch:
        patch.setattr(microphone, "_PATIENCE_S", 0.0)
        for _ in range(5):
            rig.look()
    release.set()
    rig.say(sound[960:])
    assert np.abs(await rig.hear(sound.size) - sound).max() < 2 / 32768
    assert not rig.session.warnings
