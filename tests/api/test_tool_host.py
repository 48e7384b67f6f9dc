"""Tools in a process of their own, through the public door."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

import engine as voice
from engine.realtime.tools.host.process import HostProcess
from tests.support.scripted_server import Peer, ScriptedServer

PATIENCE_S = 60.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with tools in it."""
    (tmp_path / "pings.py").write_text(
        "import os\ndef ping() -> int:\n    'Tell the process.'\n    return os.getpid()\n"
    )
    (tmp_path / "broken.py").write_text("import nothing_that_is_installed\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_the_session_begins_without_the_hosted_tools_and_offers_them_when_they_are_there(folder: Path) -> None:
    outputs: list[str] = []

    async def script(peer: Peer) -> None:
        first = await peer.expect("session.update")
        assert first["session"]["instructions"]
        await peer.send("session.created", session={"id": "s"})
        changed = (await peer.expect("session.update"))["session"]
        assert changed.keys() == {"type", "tools"}
        before, after = ([tool["name"] for tool in session["tools"]] for session in (first["session"], changed))
        assert after == ["ping", *before]
        await peer.begin_response("r1")
        await peer.call("r1", "c1", "ping", "{}")
        await peer.end_response("r1")
        outputs.append((await peer.expect("conversation.item.create"))["item"]["output"])
        done.set()
        await peer.closed.wait()

    done = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S), ScriptedServer(script) as server:
        session = voice.Session(
            url=server.url, backend="virtual", text=True, tools=["pings:ping"], host="process", config=voice.Config()
        )
        async with session:
            await done.wait()
    (output,) = outputs
    assert int(output) != os.getpid()


async def test_what_was_asked_for_and_cannot_be_imported_ends_the_session(folder: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.closed.wait()

    async with asyncio.timeout(PATIENCE_S), ScriptedServer(script) as server:
        session = voice.Session(
            url=server.url, backend="virtual", text=True, tools=["broken:x"], host="process", config=voice.Config()
        )
        with pytest.raises(voice.InvalidInputError, match="nothing_that_is_installed") as failed:
            await session.run()
        assert "Install 'nothing_that_is_installed'" in failed.value.fix


async def test_without_tools_of_the_person_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object) -> None:
        raise AssertionError("a tool host was started")

    async def script(peer: Peer) -> None:
        update = await peer.expect("session.update")
        assert "get_time" in [tool["name"] for tool in update["session"]["tools"]]
        done.set()
        await peer.closed.wait()

    done = asyncio.Event()
    monkeypatch.setattr(HostProcess, "start", start)
    async with asyncio.timeout(PATIENCE_S), ScriptedServer(script) as server:
        session = voice.Session(
            url=server.url,
            backend="virtual",
            text=True,
            tools=["get_time", len_of],
            host="process",
            config=voice.Config(),
        )
        async with session:
            await done.wait()


def len_of(text: str) -> int:
    """Count letters."""
    return len(text)


def test_a_module_that_is_not_there_is_told_before_anything_is_opened(folder: Path) -> None:
    with pytest.raises(voice.InvalidInputError, match="No module named 'nosuch'"):
        voice.Session(provider="local", tools=["nosuch:x"], host="process", config=voice.Config())
    with pytest.raises(voice.InvalidInputError, match="host"):
        voice.Session(provider="local", host="thread", config=voice.Config())
