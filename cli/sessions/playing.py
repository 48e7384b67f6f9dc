"""Plays the sound of a kept conversation, a piece at a time."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import soundfile

from engine.api.port import open_port
from engine.config import load_config
from engine.errors import Advice, InvalidInputError

_PIECE_S = 10.0
_AHEAD_S = 2.0
"""A piece follows when so much of those before it is left: looked at twice as often."""


def play_sound(path: Path, output: str | None, backend: str | None) -> None:
    """Play a file and wait for its end.

    Raises:
        VoiceError: it is no sound, or there is no speaker for it.
    """
    try:
        with soundfile.SoundFile(path) as file:
            asyncio.run(_play(file, output, backend))
    except soundfile.SoundFileError:
        raise InvalidInputError(f"{path} is not a sound file.", fix=Advice.RECORDING) from None


async def _play(file: soundfile.SoundFile, output: str | None, backend: str | None) -> None:
    speaker = output or load_config(only_devices=True).audio.output or "default"
    async with open_port(output=speaker, backend=backend, rate_hz=file.samplerate) as port:
        assert port.info.output is not None
        speaker_hz = port.info.output.rate_hz
        for samples in file.blocks(round(_PIECE_S * file.samplerate), dtype="float32"):
            port.play(samples)
            while file.tell() / file.samplerate - port.stats.played_position / speaker_hz > _AHEAD_S:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(port.played(), _AHEAD_S / 2)
                    break  # nothing is left, whatever the positions say
        await port.played()
