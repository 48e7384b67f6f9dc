"""MCP servers of a session: it waits for none, and each is offered when it is there."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

import engine as voice
from engine.config_tables import McpServer
from engine.realtime.session_events import McpServerChanged
from tests.realtime.tools.test_mcp import process
from tests.support.mcp_server import SECRET
from tests.support.scripted_server import Peer, ScriptedServer

PATIENCE_S = 60.0


async def test_the_session_begins_without_its_servers_and_offers_each_as_it_comes(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no named pipes in folders")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    outputs: list[str] = []

    async def script(peer: Peer) -> None:
        offered = [await peer.expect("session.update")]
        await peer.send("session.created", session={"id": "s"})
        offered.append(await peer.expect("session.update"))
        # The one that is slow delays nothing: not the session, and not the tools of another.
        await asyncio.to_thread(gate.write_text, "")
        offered.append(await peer.expect("session.update"))
        names = [{tool["name"] for tool in update["session"]["tools"]} for update in offered]
        added = {name for name in names[2] if name.endswith("_add")}
        assert [sorted(some & added) for some in names] == [[], ["quick_add"], ["quick_add", "slow_add"]]
        assert names[0] < names[1] < names[2]
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "slow_add", '{"a": 2, "b": 40}')
        await peer.end_response("r1")
        outputs.append((await peer.expect("conversation.item.create"))["item"]["output"])
        done.set()
        await peer.closed.wait()

    done = asyncio.Event()
    servers = {
        "slow": process(env={"GATE": str(gate)}),
        "quick": process(env={"TOKEN": SECRET}),
        "broken": McpServer(command="a-command-nobody-has"),
    }
    states: list[McpServerChanged] = []
    async with asyncio.timeout(PATIENCE_S), ScriptedServer(script) as server:
        session = voice.Session(
            url=server.url,
            backend="virtual",
            text=True,
            config=voice.Config(mcp=servers),
            observers=[lambda event, _: states.append(event) if isinstance(event, McpServerChanged) else None],
        )
        async with session:
            await done.wait()
    assert outputs == ["42"]
    assert [(event.name, event.state) for event in states] == [
        ("broken", "failed"),
        ("quick", "ready"),
        ("slow", "ready"),
    ]
    assert states[0].reason == "there is no command 'a-command-nobody-has'"
