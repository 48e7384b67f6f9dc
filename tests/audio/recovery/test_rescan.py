"""Looking for devices through another process: what it says, and that it is never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from backends.virtual import VirtualBackend
from engine.audio.device.blame import class_of
from engine.audio.device.protocol import Backend
from engine.audio.recovery import rescan_main as lister
from engine.audio.recovery.device_diff import Arrived, Left, NewDefault, changes
from engine.audio.recovery.rescan import DeviceLister
from engine.audio.types import Device, Direction
from engine.errors import VoiceError
from tests.support.hotplug_backend import LIST, HotplugBackend, hang, plug_in
from tests.support.manual_backend import ManualBackend

ROOT = Path(__file__).parents[3]
HEADSET = Device(0, "Наушники «USB»", "test", 1, 2, 44100, 1.5, 30.0, 2.5, 40.0, True, True)
SPEAKER = Device(1, "Speaker", "test", 0, 2, 48000)
DEADLINE_S = 30.0
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


class NoneWithoutArguments(ManualBackend):
    """A backend that the other process cannot make."""

    def __init__(self, needed: str) -> None:
        super().__init__()
        self.needed = needed


class Talkative(HotplugBackend):
    """One whose library prints."""

    def devices(self) -> list[Device]:
        os.write(1, b"jack says hello\n")
        return super().devices()


@pytest.fixture(autouse=True)
def _devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIST, str(tmp_path / "devices.json"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@asynccontextmanager
async def listing(backend: Backend, *, timeout_s: float = DEADLINE_S) -> AsyncIterator[DeviceLister]:
    """Yield the lister of a backend's devices, and close it at the end."""
    devices = DeviceLister(backend, timeout_s=timeout_s)
    try:
        yield devices
    finally:
        await devices.close()


def listers(folder: Path) -> list[Path]:
    """The processes that rescan for this test."""
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


@needs_proc
async def test_the_list_is_what_the_backend_says_now_and_one_process_says_it(tmp_path: Path) -> None:
    async with listing(HotplugBackend()) as devices:
        assert listers(tmp_path) == []
        plug_in([HEADSET, SPEAKER])
        assert await devices.rescan() == [HEADSET, SPEAKER]
        (process,) = listers(tmp_path)
        plug_in([])
        assert await devices.rescan() == []
        assert listers(tmp_path) == [process]
    assert listers(tmp_path) == []


class SeesDevicesOnce(HotplugBackend):
    """Has a library that cannot be started again in a process."""

    def refresh(self) -> str:
        """Say so."""
        return "The library cannot be started again."


@needs_proc
async def test_where_the_library_cannot_be_started_again_another_process_sees_the_devices(tmp_path: Path) -> None:
    async with listing(SeesDevicesOnce()) as devices:
        for present in ([HEADSET], [HEADSET, SPEAKER], []):
            plug_in(present)
            assert await devices.rescan() == present
            assert len(listers(tmp_path)) == 1


async def test_our_own_backends_are_made_by_name() -> None:
    backend = VirtualBackend()
    async with listing(backend) as devices:
        for _ in range(2):
            assert await devices.rescan() == backend.devices()


async def test_a_backend_that_fails_says_why() -> None:
    async with listing(NoneWithoutArguments("x")) as devices:
        with pytest.raises(VoiceError, match=r"cannot be listed: .*needed"):
            await devices.rescan()
    async with listing(HotplugBackend()) as devices:
        with pytest.raises(VoiceError, match=r"cannot be listed: .*devices\.json"):
            await devices.rescan()
        plug_in([SPEAKER])
        assert await devices.rescan() == [SPEAKER]


async def test_what_a_library_prints_is_no_answer() -> None:
    plug_in([SPEAKER])
    async with listing(Talkative()) as devices:
        assert await devices.rescan() == [SPEAKER]
        assert await devices.rescan() == [SPEAKER]


@needs_proc
async def test_one_that_hangs_is_killed_in_time_and_the_next_rescan_starts_another(
    tmp_path: Path,
) -> None:
    async with listing(HotplugBackend(), timeout_s=5.0) as devices:
        plug_in([SPEAKER])
        assert await devices.rescan() == [SPEAKER]
        hang()
        with pytest.raises(VoiceError, match="has not answered"):
            await devices.rescan()
        assert listers(tmp_path) == []
        plug_in([HEADSET])
        assert await devices.rescan() == [HEADSET]


@needs_proc
async def test_one_that_hangs_is_killed_when_nobody_wants_to_know_any_more(tmp_path: Path) -> None:
    hang()
    async with listing(HotplugBackend()) as devices:
        rescanning = asyncio.create_task(devices.rescan())
        async with asyncio.timeout(20):
            while not listers(tmp_path):
                await asyncio.wait({rescanning}, timeout=0.02)
        rescanning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await rescanning
        assert listers(tmp_path) == []


@needs_proc
async def test_one_that_was_killed_is_started_again(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("kill -9 is of Unix")
    plug_in([SPEAKER])
    async with listing(HotplugBackend()) as devices:
        await devices.rescan()
        (process,) = listers(tmp_path)
        os.kill(int(process.name), signal.SIGKILL)
        assert await devices.rescan() == [SPEAKER]


@needs_proc
async def test_it_knows_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-0123456789")
    plug_in([SPEAKER])
    async with listing(HotplugBackend()) as devices:
        await devices.rescan()
        (process,) = listers(tmp_path)
        assert b"sk-0123456789" not in (process / "environ").read_bytes()


@contextmanager
def program(patience_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """The other process, without what would end it."""
    command = [sys.executable, "-m", lister.__name__, class_of(HotplugBackend()), f"{patience_s}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_it_ends_with_its_input_as_when_the_session_was_killed_and_not_by_a_ctrl_c() -> None:
    plug_in([SPEAKER])
    with program(DEADLINE_S) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert lister.decode(process.stdout.readline().decode()) == [SPEAKER]
            process.send_signal(signal.SIGINT)
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0


def test_it_ends_where_it_hangs_and_nobody_is_left_to_end_it() -> None:
    if sys.platform == "win32":
        pytest.skip("no alarms")
    hang()
    with program(1.0) as process:
        process.communicate(b"\n", DEADLINE_S)
        assert process.returncode == -signal.SIGALRM


@pytest.mark.parametrize("name", ["sounddevice", "pyaudio"])
def test_rescanning_compiles_no_kernel_and_loads_no_numpy(name: str) -> None:
    """The process lives beside a conversation: with numba it would take five times the memory."""
    program = (
        f"import sys, engine.audio.recovery.rescan_main, backends.{name}; "
        "print([m for m in ('numba', 'numpy', 'asyncio') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ, capture_output=True, check=True)
    assert run.stdout.strip() == b"[]"


@pytest.mark.parametrize("answer", ["", "ALSA says hello\n", "[1]\n", '{"devices": [{"index": 0}]}\n', "\n"])
def test_what_is_no_list_is_an_error_of_one_sentence(answer: str) -> None:
    with pytest.raises(VoiceError, match="has failed"):
        lister.decode(answer)
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
