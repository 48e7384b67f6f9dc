"""One direction of a real device, through the public door: the other one is not opened."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.soundcard import SoundCard

PROGRAM = """
import asyncio, sys
import numpy as np
import engine as voice

async def main():
    async with voice.open_port(backend=sys.argv[1], input="default", rate_hz=16000) as port:
        blocks = [await anext(port) for _ in range(10)]
        assert port.info.output is None and port.info.input is not None, port.info
        assert [block.samples.size for block in blocks] == [320] * 10
    async with voice.open_port(backend=sys.argv[1], output="default") as port:
        port.play(np.zeros(4800, np.float32))
        await port.played()
        assert port.info.input is None and port.info.output is not None, port.info

asyncio.run(main())
"""


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_a_microphone_or_a_speaker_is_opened_alone(soundcard: SoundCard, backend: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, backend],
        env=soundcard.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
