"""The echo of devices is recorded beside the reference that a session's chain would get."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.soundcard import SoundCard

_RECORD = """
import json
import numpy as np
from benchmarks.rigs.echo_recording import record_echo
from benchmarks.signals.echo_quality import lag_of
from engine.audio.types import StreamRequest

sound = np.random.default_rng(1).uniform(-0.1, 0.1, 2 * 48000).astype(np.float32)
microphone, reference, info = record_echo(StreamRequest(input="vspkmon", output="vspk"), sound)
lag_ms = lag_of(microphone, reference, 24000) / 48
print(json.dumps([microphone.size, reference.size, lag_ms, float(np.std(microphone)), info.input.device]))
"""


def test_a_monitor_hears_the_speaker_a_little_after_its_reference(soundcard: SoundCard) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _RECORD],
        env=soundcard.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    heard, reference, lag_ms, level, device = json.loads(run.stdout)
    assert heard == reference == 2 * 48000
    assert 0 < lag_ms < 300
    assert level > 0.03
    assert device == "vspkmon"
