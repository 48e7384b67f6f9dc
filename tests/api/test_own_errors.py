"""Errors of a program's own classes, with constructors of any kind: the engine rewords them and keeps their class."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, NoReturn

import pytest

import engine as voice
from engine.api.backend import naming_origin
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import AudioDefaults
from engine.realtime.testing import ServerDouble, VirtualDevices, run_virtual
from tests.api.rig import BEGUN, session_with


class OwnError(voice.StreamLostError):
    """An error with a number; what it says is its own matter."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Own error {number} of 'usb'.", fix="Try sk-secretsecret again.")
        self.number = number


def test_a_session_ends_with_an_error_of_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secretsecret")

    async def main() -> None:
        with ServerDouble(BEGUN) as server:
            async with session_with(server) as session:
                await asyncio.sleep(1)
                session.fail(OwnError(7))
                with pytest.raises(OwnError) as caught:
                    await session.wait()
        assert caught.value.number == 7
        assert str(caught.value) == "Own error 7 of 'usb'. Try *** again."

    run_virtual(main(), at_most_s=60)


def test_where_the_block_ends_with_another_error_nothing_is_printed_of_the_session_s() -> None:
    told: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["message"]))
        with ServerDouble(BEGUN) as server, pytest.raises(LookupError):
            async with session_with(server) as session:
                await asyncio.sleep(1)
                session.fail(OwnError(7))
                raise LookupError
        del session

    run_virtual(main(), at_most_s=60)
    gc.collect()
    assert not told


def test_it_is_told_where_the_configured_name_stands() -> None:
    told = pytest.raises(OwnError, match=r"^Own error 7 .* It is named by ")
    with told as caught, naming_origin(AudioDefaults(input="usb")):
        raise OwnError(7)
    assert isinstance(caught.value.__cause__, OwnError)


def test_it_is_told_why_the_devices_are_not_seen_anew() -> None:
    class Stale(VirtualDevices):
        """Devices that open once."""

        def refresh(self) -> str:
            """Say why they stay as they are."""
            return "Another stream is open."

    devices: Any = Stale()
    audio = SessionAudio(devices, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)

    def refuse(*_: object) -> NoReturn:
        raise OwnError(7)

    devices.open = refuse
    with pytest.raises(OwnError, match=r"^Own error 7 of 'usb'\. Another stream is open\. Try "):
        audio.open_again([])
    audio.close()
