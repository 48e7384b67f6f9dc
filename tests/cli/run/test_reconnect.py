"""`voice run` whose server ends and comes again, as a person meets it: it says so, and goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.voice_process import VOICE, VoiceProcess

if sys.platform == "win32":
    pytest.skip("servers end by signals of Unix", allow_module_level=True)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No configuration; the kernels' cache is kept."""
    return {**os.environ, "VOICE_CONFIG": "", "XDG_CONFIG_HOME": str(tmp_path)}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def served(port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`voice serve` on a port, listening."""
    process = subprocess.Popen(
        [VOICE, "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "Listening" in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_started_again_is_found_again(environment: dict[str, str], number: signal.Signals) -> None:
    port = free_port()
    url = f"ws://127.0.0.1:{port}/v1/realtime"
    with (
        served(port, environment) as first,
        VoiceProcess("--backend", "virtual", "--url", url, environment=environment) as voice,
    ):
        voice.wait_for("session")
        first.send_signal(number)
        first.wait()
        voice.wait_for("reconnecting", 2)
        with served(port, environment):
            voice.wait_for("reconnected")
            voice.wait_for("session", 2)
            assert voice.interrupt() == 0
    assert voice.events[-1]["reconnects"] == 1
    assert "reconnecting (1/8)" in voice.shown
    assert "reconnecting (2/8)" in voice.shown
    assert "the connection is back" in voice.shown
    attempts = [event["attempt"] for event in voice.of("reconnecting")]
    assert attempts == list(range(1, len(attempts) + 1))
    assert "Traceback" not in voice.shown


def test_ctrl_c_while_it_waits_ends_at_once(environment: dict[str, str]) -> None:
    port = free_port()
    url = f"ws://127.0.0.1:{port}/v1/realtime"
    with (
        served(port, environment) as server,
        VoiceProcess("--backend", "virtual", "--url", url, environment=environment) as voice,
    ):
        voice.wait_for("session")
        server.kill()
        server.wait()
        waiting = voice.wait_for("reconnecting", 4)
        assert waiting["wait_ms"] >= 3000
        assert voice.interrupt() == 0
        # Had it waited, the next attempt would have been told.
        assert len(voice.of("reconnecting")) == 4
    assert voice.events[-1]["type"] == "summary"
    assert voice.events[-1]["reason"] == "ended by the user"


def test_an_embedded_server_that_dies_is_started_again(environment: dict[str, str]) -> None:
    with VoiceProcess("--backend", "virtual", "--provider", "local", environment=environment) as voice:
        voice.wait_for("session")
        (server,) = children_of(voice.pid)
        os.kill(server, signal.SIGKILL)
        voice.wait_for("reconnected")
        voice.wait_for("session", 2)
        (another,) = children_of(voice.pid)
        assert voice.interrupt() == 0
    assert another != server
    assert not Path(f"/proc/{another}").exists()
    assert voice.events[-1]["reconnects"] == 1


def children_of(pid: int) -> list[int]:
    """Process ids of the children of a process."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
