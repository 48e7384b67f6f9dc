"""`voice run` with MCP servers of the configuration: offered, named when they fail, and ended with the session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config_tables import McpServer
from engine.realtime.session_events import McpServerChanged, SessionEvent
from engine.realtime.tools.mcp.servers import McpServers
from tests.cli.run.test_virtual import environment
from tests.cli.test_tools import voice_tools
from tests.realtime.tools.test_mcp import SCRIPT, is_running
from tests.support.mcp_server import SECRET
from tests.support.scripted_server import Peer, ScriptedServer
from tests.support.voice_process import VOICE, VoiceProcess

__all__ = ["environment"]

CONFIG = f"""
[mcp.mine]
command = "{sys.executable}"
args = ["{SCRIPT}"]
env = {{ TOKEN = "${{TEST_TOKEN}}" }}
start_timeout_s = 60

[mcp.broken]
command = "{sys.executable}"
args = ["{SCRIPT}", "--die-at-once"]
env = {{ TOKEN = "${{TEST_TOKEN}}" }}
start_timeout_s = 60
"""


@pytest.fixture
def with_servers(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment whose configuration names two servers."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return {**environment, "VOICE_CONFIG": str(path), "TEST_TOKEN": SECRET}


async def test_a_tool_of_a_process_is_offered_called_and_answered(with_servers: dict[str, str]) -> None:
    sessions = []

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "sess_1"})
        sessions.append(await peer.expect("session.update"))
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "mine_add", '{"a": 2, "b": 40}')
        await peer.end_response("r1")
        await peer.expect("response.create")
        await peer.begin_response("r2")
        await peer.closed.wait()

    async with ScriptedServer(script) as server:
        voice = VoiceProcess(
            *("--backend", "virtual", "--url", server.url, "--log-level", "debug"), environment=with_servers
        )
        import asyncio  # noqa: PLC0415

        with voice:
            await asyncio.to_thread(voice.wait_for, "response.start", 2)
            await asyncio.to_thread(voice.wait_for, "mcp.server", 2)
            assert await asyncio.to_thread(voice.interrupt) == 0
    offered = [tool["name"] for tool in sessions[0]["session"]["tools"]]
    assert {"mine_add", "get_weather"} <= set(offered)
    assert voice.of("tool.result")[0]["output"] == "42"
    states = {event["name"]: event for event in voice.of("mcp.server")}
    assert states["mine"]["state"] == "ready"
    assert states["broken"]["state"] == "failed"
    assert "no such folder" in states["broken"]["reason"]
    assert "Traceback" not in voice.shown
    assert SECRET not in voice.shown + json.dumps(voice.events)


def test_what_is_piped_in_waits_for_the_tools(with_servers: dict[str, str]) -> None:
    command = [VOICE, "run", "--backend", "virtual", "--provider", "local", "--text"]
    done = subprocess.run(
        command,
        input="call mine add, 2, 40\n",
        capture_output=True,
        env=with_servers,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Agent: 42." in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_process_too(with_servers: dict[str, str], number: signal.Signals) -> None:
    with VoiceProcess("--backend", "virtual", "--provider", "local", environment=with_servers) as voice:
        voice.wait_for("session")
        voice.wait_for("mcp.server", 2)
        children = [int(word) for word in Path(f"/proc/{voice.pid}/task/{voice.pid}/children").read_text().split()]
        assert any(SCRIPT in Path(f"/proc/{pid}/cmdline").read_text() for pid in children)
        assert voice.interrupt(number) == 0
    assert not any(is_running(pid) for pid in children)


def test_ctrl_c_while_a_server_is_starting_ends_it_too(environment: dict[str, str], tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no named pipes in folders")
    started = tmp_path / "started"
    os.mkfifo(started)
    path = tmp_path / "config.toml"
    table = f'[mcp.silent]\ncommand = "{sys.executable}"\nargs = ["{SCRIPT}", "--say-nothing"]\nstart_timeout_s = 60\n'
    path.write_text(f'{table}env = {{ STARTED = "{started}" }}\n')
    with VoiceProcess("--backend", "virtual", environment={**environment, "VOICE_CONFIG": str(path)}) as voice:
        pid = int(started.read_text())
        voice.wait_for("session")
        assert is_running(pid)
        assert voice.interrupt() == 0
    assert not is_running(pid)


def test_the_tools_of_servers_are_listed(with_servers: dict[str, str]) -> None:
    listed = voice_tools(with_servers, "--mcp", "--json")
    assert listed.returncode == 0, listed.stderr
    rows = json.loads(listed.stdout)
    assert {"mine_add", "mine_person"} <= {row["tool"] for row in rows if row["name"] == "mcp.mine"}
    (broken,) = [row for row in rows if row["name"] == "mcp.broken"]
    assert "no such folder; token ***" in broken["reason"]
    assert SECRET not in listed.stdout


async def test_without_the_package_each_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "engine.realtime.tools.mcp.connection", None)
    told: list[SessionEvent] = []
    async with McpServers({"mine": McpServer(command="x")}, told.append) as servers:
        assert await servers.tools["mine"] == []
    (failed,) = told
    assert isinstance(failed, McpServerChanged)
    assert (failed.name, failed.state) == ("mine", "failed")
    assert 'pip install "voice-realtime[mcp]"' in failed.reason


class _Broken:
    """Finds the client's module, which then fails as one that was built for another system."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "engine.realtime.tools.mcp.connection":
            raise OSError("libx.so is of another system")


async def test_with_a_package_that_is_broken_each_server_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "engine.realtime.tools.mcp.connection", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_Broken(), *sys.meta_path])
    told: list[SessionEvent] = []
    async with McpServers({"one": McpServer(command="x"), "two": McpServer(command="x")}, told.append) as servers:
        assert [await tools for tools in servers.tools.values()] == [[], []]
    reasons = {event.reason for event in told if isinstance(event, McpServerChanged)}
    assert reasons == {"the package `mcp` fails: OSError: libx.so is of another system"}
