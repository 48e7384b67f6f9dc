"""Following of devices, carried out one thing at a time with nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.audio.recovery import runner as module
from engine.audio.recovery.policy import LOOK_AROUND_S, News, Wanted
from engine.audio.recovery.runner import Follower
from engine.audio.recovery.stall import Seen
from engine.audio.session_audio import AudioLink
from engine.audio.types import Device, StreamInfo, StreamSide
from engine.realtime.testing import run_virtual

MICROPHONE = Device(0, "Microphone", "ALSA", 1, 0, 48000, is_default_input=True)
SPEAKER = Device(1, "Speaker", "ALSA", 0, 2, 48000, is_default_output=True)
DEVICES = [MICROPHONE, SPEAKER]


def _side(device: Device) -> StreamSide:
    return StreamSide(device.name, 48000, 1, 480, 0.0, device.host_api)


@dataclass
class Link:
    """An audio link without audio."""

    wanted: Wanted = field(default_factory=Wanted)
    info: StreamInfo = field(default_factory=lambda: StreamInfo("test", True, _side(MICROPHONE), _side(SPEAKER)))
    backend: object = None
    active: bool = True
    calls: int = 0
    opened_among: list[Sequence[Device]] = field(default_factory=list)

    def look(self) -> Seen:
        self.calls += 1
        return Seen(self.active, self.calls, self.calls, False)

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
    """A follower in virtual time, what its looks see, and when they looked; it lists the devices itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.link = Link()
        self.looks_s: list[float] = []
        self.news: list[News] = []
        self.failures: list[Exception] = []
        self.answer: Callable[[], Awaitable[list[Device]]] = self.at_once
        self.lister_is_closed = False
        monkeypatch.setattr(module, "DeviceLister", lambda backend: self)
        monkeypatch.setattr(module, "run_blocking", here)
        self._began_s = 0.0

    def begin(self) -> Follower:
        self._began_s = asyncio.get_running_loop().time()
        return Follower(
            cast(AudioLink, self.link),
            tell=self.news.append,
            drop=lambda: None,
            failed=self.failures.append,
        )

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began_s

    async def pass_time(self, follower: Follower, seconds: float) -> None:
        ends_s = self.now_s + seconds
        while self.now_s < ends_s:
            await asyncio.sleep(0.25)
            follower.tick()

    async def at_once(self) -> list[Device]:
        return DEVICES

    async def look(self) -> list[Device]:
        self.looks_s.append(self.now_s)
        return await self.answer()

    async def close(self) -> None:
        self.lister_is_closed = True


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def others() -> list[asyncio.Task[Any]]:
    """What this test did not start itself."""
    return [task for task in asyncio.all_tasks() if "Follower" in repr(task)]


def test_it_looks_every_few_seconds_and_ends_what_looks(world: World) -> None:
    async def run() -> None:
        follower = world.begin()
        await world.pass_time(follower, 4 * LOOK_AROUND_S + 1)
        assert len(world.looks_s) == pytest.approx(4, abs=1)
        assert not world.lister_is_closed
        await follower.close()
        assert world.lister_is_closed

    run_virtual(run())


def test_where_both_devices_are_named_it_looks_only_for_a_lost_one(world: World) -> None:
    async def run() -> None:
        world.link.wanted = Wanted("Microphone, ALSA", "Speaker, ALSA")
        follower = world.begin()
        await world.pass_time(follower, 4 * LOOK_AROUND_S)
        assert world.looks_s == []
        world.link.active = False
        await world.pass_time(follower, 1)
        assert len(world.looks_s) == 1
        assert world.link.opened_among == [DEVICES]
        assert world.lister_is_closed
        await follower.close()

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
        follower = world.begin()
        await world.pass_time(follower, LOOK_AROUND_S + 0.5)
        assert len(world.looks_s) == 1
        world.link.active = False
        follower.tick()
        await asyncio.sleep(0.1)
        began_s = world.now_s
        await follower.close()
        assert world.now_s - began_s == pytest.approx(0.4)
        assert others() == []

    run_virtual(run())


def test_what_goes_wrong_inside_is_told_once_and_ends_the_following(world: World) -> None:
    async def breaks() -> list[Device]:
        raise ZeroDivisionError

    async def run() -> None:
        world.answer = breaks
        follower = world.begin()
        await world.pass_time(follower, LOOK_AROUND_S + 1)
        world.link.active = False
        await world.pass_time(follower, 5)
        await follower.close()
        assert [type(error) for error in world.failures] == [ZeroDivisionError]
        assert world.news == []

    run_virtual(run())


def test_a_new_default_is_told(world: World) -> None:
    async def moved() -> list[Device]:
        return [MICROPHONE, replace(SPEAKER, is_default_output=False), replace(SPEAKER, index=2, name="Other")]

    async def run() -> None:
        follower = world.begin()
        world.answer = moved
        await world.pass_time(follower, LOOK_AROUND_S + 1)
        assert len(world.looks_s) == 1
        await follower.close()

    run_virtual(run())
