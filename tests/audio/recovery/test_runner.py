"""Following of devices, carried out one thing at a time with nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.audio.recovery import runner as module
from engine.audio.recovery.policy import POLL_DEFAULT_S, News, Wanted
from engine.audio.recovery.runner import RecoveryRunner
from engine.audio.recovery.stall import StreamState
from engine.audio.session_audio import SessionAudio
from engine.audio.types import Device, StreamInfo, StreamSide
from engine.realtime.testing import run_virtual

MICROPHONE = Device(0, "Microphone", "ALSA", 1, 0, 48000, is_default_input=True)
SPEAKER = Device(1, "Speaker", "ALSA", 0, 2, 48000, is_default_output=True)
DEVICES = [MICROPHONE, SPEAKER]


def _side(device: Device) -> StreamSide:
    return StreamSide(device.name, 48000, 1, 480, 0.0, device.host_api)


@dataclass
class ScriptedAudio:
    """A session's audio without streams."""

    wanted: Wanted = field(default_factory=Wanted)
    info: StreamInfo = field(default_factory=lambda: StreamInfo("test", True, _side(MICROPHONE), _side(SPEAKER)))
    backend: object = None
    active: bool = True
    calls: int = 0
    opened_among: list[Sequence[Device]] = field(default_factory=list)

    def stream_state(self) -> StreamState:
        self.calls += 1
        return StreamState(self.active, self.calls, self.calls, False)

    def release(self) -> None:
        """There is no stream."""

    def open_again(self, devices: Sequence[Device]) -> SimpleNamespace:
        self.opened_among.append(devices)
        return SimpleNamespace(info=self.info)

    def adopt(self, opened: object) -> None:
        self.active = True

    def gone(self) -> None:
        """There never was."""


async def here(call: Callable[[], object], **_: object) -> object:
    """Make the call at once, in no thread."""
    return call()


class World:
    """A recovery runner in virtual time, what its rescans see, and when they were made; it lists the devices itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.audio = ScriptedAudio()
        self.rescans_s: list[float] = []
        self.news: list[News] = []
        self.failures: list[Exception] = []
        self.answer: Callable[[], Awaitable[list[Device]]] = self.at_once
        self.lister_is_closed = False
        monkeypatch.setattr(module, "DeviceLister", lambda backend: self)
        monkeypatch.setattr(module, "run_blocking", here)
        self._began_s = 0.0

    def begin(self) -> RecoveryRunner:
        self._began_s = asyncio.get_running_loop().time()
        return RecoveryRunner(
            cast(SessionAudio, self.audio),
            emit=self.news.append,
            drop=lambda: None,
            failed=self.failures.append,
        )

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began_s

    async def pass_time(self, runner: RecoveryRunner, seconds: float) -> None:
        ends_s = self.now_s + seconds
        while self.now_s < ends_s:
            await asyncio.sleep(0.25)
            runner.tick()

    async def at_once(self) -> list[Device]:
        return DEVICES

    async def rescan(self) -> list[Device]:
        self.rescans_s.append(self.now_s)
        return await self.answer()

    async def close(self) -> None:
        self.lister_is_closed = True


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def others() -> list[asyncio.Task[Any]]:
    """What this test did not start itself."""
    return [task for task in asyncio.all_tasks() if "RecoveryRunner" in repr(task)]


def test_it_polls_every_few_seconds_and_ends_what_polls(world: World) -> None:
    async def run() -> None:
        runner = world.begin()
        await world.pass_time(runner, 4 * POLL_DEFAULT_S + 1)
        assert len(world.rescans_s) == pytest.approx(4, abs=1)
        assert not world.lister_is_closed
        await runner.close()
        assert world.lister_is_closed

    run_virtual(run())


def test_where_both_devices_are_named_it_rescans_only_for_a_lost_one(world: World) -> None:
    async def run() -> None:
        world.audio.wanted = Wanted("Microphone, ALSA", "Speaker, ALSA")
        runner = world.begin()
        await world.pass_time(runner, 4 * POLL_DEFAULT_S)
        assert world.rescans_s == []
        world.audio.active = False
        await world.pass_time(runner, 1)
        assert len(world.rescans_s) == 1
        assert world.audio.opened_among == [DEVICES]
        assert world.lister_is_closed
        await runner.close()

    run_virtual(run())


def test_closing_waits_for_what_another_has_taken_the_place_of(world: World) -> None:
    async def ends_slowly() -> list[Device]:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.shield(asyncio.sleep(0.5))
        return DEVICES

    async def run() -> None:
        world.answer = ends_slowly
        runner = world.begin()
        await world.pass_time(runner, POLL_DEFAULT_S + 0.5)
        assert len(world.rescans_s) == 1
        world.audio.active = False
        runner.tick()
        await asyncio.sleep(0.1)
        began_s = world.now_s
        await runner.close()
        assert world.now_s - began_s == pytest.approx(0.4)
        assert others() == []

    run_virtual(run())


def test_what_goes_wrong_inside_is_told_once_and_ends_the_following(world: World) -> None:
    async def breaks() -> list[Device]:
        raise ZeroDivisionError

    async def run() -> None:
        world.answer = breaks
        runner = world.begin()
        await world.pass_time(runner, POLL_DEFAULT_S + 1)
        world.audio.active = False
        await world.pass_time(runner, 5)
        await runner.close()
        assert [type(error) for error in world.failures] == [ZeroDivisionError]
        assert world.news == []

    run_virtual(run())


def test_a_new_default_is_told(world: World) -> None:
    async def moved() -> list[Device]:
        return [MICROPHONE, replace(SPEAKER, is_default_output=False), replace(SPEAKER, index=2, name="Other")]

    async def run() -> None:
        runner = world.begin()
        world.answer = moved
        await world.pass_time(runner, POLL_DEFAULT_S + 1)
        assert len(world.rescans_s) == 1
        await runner.close()

    run_virtual(run())
