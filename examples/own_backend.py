"""A backend of one's own, a tape in memory, and an agent that speaks on it: `python examples/own_backend.py`."""

import asyncio
from typing import Any

import numpy as np

import engine as voice


class Tape:
    name, protocol_version, active = "tape", (1, 0), False
    side = voice.StreamSide("tape", 24_000, channels=1, block_frames=240, latency_ms=0.0)
    info = voice.StreamInfo("tape", native=False, input=side, output=side)

    def devices(self) -> list[voice.Device]:
        return [voice.Device(0, "tape", "memory", 1, 1, 24_000, is_default_input=True, is_default_output=True)]

    def open(self, port: Any, request: voice.StreamRequest) -> "Tape":
        port.attach_input(24_000, channels=1)
        port.attach_output(24_000, channels=1)
        self.port, self.played = port, list[Any]()
        return self

    def start(self) -> None:
        self.active = True
        asyncio.get_running_loop().call_later(0.01, self.step)

    def step(self) -> None:
        """Move a block, as the sound library of a real device would from its own thread."""
        speaker = np.empty((240, 1), np.float32)
        self.port.process(np.zeros_like(speaker), speaker)
        self.played.append(speaker)
        if self.active:
            self.start()

    def close(self) -> None:
        self.active = False


async def speak(text: str, **options: Any) -> float:
    """Have the agent answer a text; return how many seconds of it are on the tape."""
    tape = Tape()
    async with voice.Session(backend=tape, text=True, **options) as session:
        session.send_text(text)
        session.end_input()
        await session.wait()
    return sum(np.any(block != 0) for block in tape.played) / 100


if __name__ == "__main__":
    print(asyncio.run(speak("What is seven times eight?")), "s")
