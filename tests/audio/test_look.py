"""Looking for devices through another process: what it says, and that it is never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backends.virtual import VirtualBackend
from engine.audio import lister
from engine.audio.backend import Device
from engine.audio.device_changes import Arrived, Left, NewDefault, changes
from engine.audio.devices import Direction
from engine.audio.look import look
from engine.errors import VoiceError
from tests.support.followed_backend import LIST, FollowedBackend, hang, plug_in
from tests.support.manual_backend import ManualBackend

ROOT = Path(__file__).parents[2]
HEADSET = Device(0, "Наушники «USB»", "test", 1, 2, 44100, 1.5, 30.0, 2.5, 40.0, True, True)
SPEAKER = Device(1, "Speaker", "test", 0, 2, 48000)


class NoneWithoutArguments(ManualBackend):
    """A backend that the other process cannot make."""

    def __init__(self, needed: str) -> None:
        super().__init__()
        self.needed = needed


@pytest.fixture(autouse=True)
def _devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIST, str(tmp_path / "devices.json"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def listers(folder: Path) -> list[Path]:
    """The processes that look for this test."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            sees = str(folder).encode() in (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if sees and lister.__name__.encode() in command:
            found.append(process)
    return found


async def test_the_list_is_what_the_backend_says_now() -> None:
    backend = FollowedBackend()
    plug_in([HEADSET, SPEAKER])
    assert await look(backend) == [HEADSET, SPEAKER]
    plug_in([])
    assert await look(backend) == []


async def test_our_own_backends_are_made_by_name() -> None:
    backend = VirtualBackend()
    assert await look(backend) == backend.devices()


async def test_a_backend_that_fails_says_why() -> None:
    with pytest.raises(VoiceError, match=r"cannot be listed: .*needed"):
        await look(NoneWithoutArguments("x"))
    with pytest.raises(VoiceError, match=r"cannot be listed: .*devices\.json"):
        await look(FollowedBackend())


async def test_one_that_hangs_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    hang()
    with pytest.raises(VoiceError, match="has not answered"):
        await look(FollowedBackend(), timeout_s=1.0)
    assert listers(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
async def test_one_that_hangs_is_killed_when_nobody_wants_to_know_any_more(tmp_path: Path) -> None:
    hang()
    looking = asyncio.create_task(look(FollowedBackend()))
    async with asyncio.timeout(20):
        while not listers(tmp_path):
            await asyncio.wait({looking}, timeout=0.02)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert listers(tmp_path) == []


@pytest.mark.parametrize("name", ["sounddevice", "pyaudio"])
def test_looking_compiles_no_kernel_and_loads_no_numpy(name: str) -> None:
    """A look runs every few seconds beside a conversation: with numba it would take ten times as long."""
    program = f"import sys, backends.{name}; print([m for m in ('numba', 'numpy', 'asyncio') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ, capture_output=True, check=True)
    assert run.stdout.strip() == b"[]"


@pytest.mark.parametrize("output", ["", "ALSA says hello\n", "[1]\n", '{"devices": [{"index": 0}]}\n', "\n\n"])
def test_what_is_no_list_is_an_error_of_one_sentence(output: str) -> None:
    with pytest.raises(VoiceError, match="broke off"):
        lister.decode(output)


def test_what_a_library_prints_before_the_list_is_passed_over() -> None:
    assert lister.decode("jack says hello\n" + lister.encode([SPEAKER]) + "\n") == [SPEAKER]
    with pytest.raises(VoiceError, match="no sound"):
        lister.decode(json.dumps({"trouble": "no sound"}))


def test_changes_are_departures_arrivals_and_defaults_whatever_the_index() -> None:
    assert changes([HEADSET, SPEAKER], [replace(SPEAKER, index=0), replace(HEADSET, index=5)]) == []
    now_default = replace(SPEAKER, is_default_output=True)
    found = changes([HEADSET, SPEAKER], [now_default])
    assert found == [
        Left(HEADSET),
        NewDefault(Direction.INPUT, HEADSET, None),
        NewDefault(Direction.OUTPUT, HEADSET, now_default),
    ]
    assert changes([], [SPEAKER]) == [Arrived(SPEAKER)]


def test_one_of_two_devices_of_the_same_name_is_a_device_of_its_own() -> None:
    twin = replace(SPEAKER, index=2)
    assert changes([SPEAKER], [SPEAKER, twin]) == [Arrived(twin)]
    assert changes([SPEAKER, twin], [SPEAKER]) == [Left(twin)]
