"""Capture at 16 kHz and a level meter, without an agent: `python examples/meter.py`. Ctrl+C ends it."""

import asyncio
import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

import engine as voice

RATE_HZ = 16_000


async def capture(seconds: float, **options: Any) -> NDArray[np.float32]:
    """Record the microphone, and show its level ten times a second."""
    recorded: list[NDArray[np.float32]] = []
    async with voice.open_port(rate_hz=RATE_HZ, block_ms=100, **options) as port:
        async for block in port:
            bar = "#" * round(60 + max(-60.0, block.rms_db))  # silence has -inf dB
            print(f"{block.at_sample / RATE_HZ:6.1f} s {block.peak_db:6.1f} dBFS {bar}")
            recorded.append(block.samples)
            if block.at_sample >= seconds * RATE_HZ:
                break
        print(f"{port.stats.input_overflow_frames} frames were lost")
    return np.concatenate(recorded)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(capture(3600, input="default"))
