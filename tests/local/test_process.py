"""The server's process: ready when it says so, gone when its parent is, and only on this machine."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import InvalidInputError
from engine.local.process import LocalServer
from engine.local.server import check_host
from tests.local.client import connect
from tests.support.voice_process import VOICE

_PATIENCE_S = 20


async def test_it_listens_when_started_and_is_gone_when_stopped() -> None:
    async with LocalServer() as server:
        pid = server.pid
        assert pid is not None
        descriptor = os.pidfd_open(pid)
        async with connect(server.url):
            pass
    assert select.select([descriptor], [], [], _PATIENCE_S)[0]
    os.close(descriptor)
    await server.stop()


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
    import socket  # noqa: PLC0415

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
