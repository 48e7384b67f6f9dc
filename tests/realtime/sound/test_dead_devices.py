"""Devices that give no sound: of a microphone that is muted, withheld or empty the session tells once and goes on.

A stream that knows why it has ended for good ends the session with its own words.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np

from engine.errors import InvalidInputError
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import ErrorShown
from engine.realtime.testing import Expect, VirtualDevices
from tests.realtime.virtual_rig import Held, hold


def listen(*, spoken_at_s: float, is_device: bool = True, ends_at_s: float = 60.0, listens: bool = True) -> Held:
    """Ten seconds of a session in which something is said at a moment, or a file of silence ends."""

    async def drive(session: RealtimeSession, devices: VirtualDevices) -> None:
        info = session._audio.info
        assert info.input is not None
        session._audio.info = replace(info, input=replace(info.input, host_api="ALSA" if is_device else ""))
        loop = asyncio.get_running_loop()
        loop.call_later(spoken_at_s, devices.say, np.full(4800, 1e-4, np.float32))
        loop.call_later(ends_at_s, session._audio.port.end_input)
        await asyncio.sleep(0)

    return hold([Expect("session.update")], duration_s=10.0, drive=drive, settings=SessionSettings(listens=listens))


def test_exact_zeros_of_a_device_are_told_once_after_two_seconds() -> None:
    held = listen(spoken_at_s=5.0)
    (told,) = held.of(ErrorShown)
    assert "exact zeros" in told.message
    assert "Unmute" in told.message or "Allow" in told.message
    assert not told.fatal
    assert 2.0 <= held.times_of(ErrorShown)[0] < 3.0


def test_a_microphone_that_hears_something_is_not_told_of() -> None:
    assert not listen(spoken_at_s=1.0).of(ErrorShown)


def test_a_pause_at_the_beginning_of_a_file_is_none_and_a_file_of_silence_is_told_at_its_end() -> None:
    assert not listen(spoken_at_s=5.0, is_device=False, ends_at_s=7.0).of(ErrorShown)
    held = listen(spoken_at_s=60.0, is_device=False, ends_at_s=5.0)
    assert [told.message for told in held.of(ErrorShown)] == ["virtual time holds no sound."]
    assert 5.0 <= held.times_of(ErrorShown)[0] < 6.0


def test_who_writes_needs_no_microphone() -> None:
    assert not listen(spoken_at_s=60.0, listens=False).of(ErrorShown)


def test_a_stream_that_has_failed_for_good_ends_the_session_with_its_own_error() -> None:
    full = InvalidInputError("a.wav cannot be written: No space left on device.", fix="Choose another file.")

    async def drive(session: RealtimeSession, _: VirtualDevices) -> None:
        asyncio.get_running_loop().call_later(3.0, session._audio.port.finish, full)

    held = hold([Expect("session.update")], duration_s=10.0, drive=drive)
    assert type(held.error) is InvalidInputError
    assert str(held.error) == str(full)
    assert held.summary.duration_s < 4.0
