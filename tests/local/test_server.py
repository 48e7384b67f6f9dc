"""The server's door: who is let in under which name, how many, and how it ends with clients that do not listen."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from engine.local.script_player import ScriptPlayer
from engine.local.server import MAX_CLIENTS, serve
from engine.script.reading import script_of
from tests.support.serving import Serving, serving
from tests.support.voice_process import VOICE

_PATIENCE_S = 20.0


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client of many connections."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


@pytest.mark.parametrize("beta", [(), ("openai-beta.realtime-v1",)])
async def test_a_browser_is_answered_in_the_subprotocol_and_the_dialect_that_it_offers(
    server_url: str, http: aiohttp.ClientSession, beta: tuple[str, ...]
) -> None:
    offered = ("realtime", "openai-insecure-api-key.none", *beta)
    async with http.ws_connect(server_url, protocols=offered, origin="http://localhost:5173") as connected:
        assert connected.protocol == "realtime"
        created = await connected.receive_json()
        assert created["type"] == "session.created"
        assert ("modalities" in created["session"]) == bool(beta)


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        ("http://localhost:8080", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:3000", True),
        ("https://example.org", False),
        ("http://localhost.example.org", False),
        ("http://localhost@example.org", False),
        ("null", False),
        ("", False),
        ("http://[", False),
        ("http://a\\b", False),
    ],
)
async def test_pages_of_this_machine_are_let_in_and_no_others(
    server_url: str, http: aiohttp.ClientSession, origin: str, is_let_in: bool
) -> None:
    async with http.get(server_url.replace("ws", "http", 1), headers={"Origin": origin}) as answer:
        # Without an upgrade whoever is let in is told that it is no WebSocket.
        assert answer.status == (400 if is_let_in else 403)
    async with http.post(f"http{server_url[2:]}/client_secrets", headers={"Origin": origin}) as answer:
        assert answer.status == (200 if is_let_in else 403)


async def test_the_path_of_yandexs_first_host_is_served(server_url: str, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(f"{server_url}/openai?model=any") as connected:
        assert (await connected.receive_json())["type"] == "session.created"


async def test_the_model_of_a_session_is_the_one_that_answers_whatever_was_asked_for(
    server_url: str, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(f"{server_url}?model=nosuch") as connected:
        assert (await connected.receive_json())["session"]["model"] == "voice-local"
        await connected.send_json({"type": "session.update", "session": {"type": "realtime", "model": "nosuch"}})
        assert (await connected.receive_json())["session"]["model"] == "voice-local"


@pytest.mark.parametrize("way", ["header", "subprotocol"])
async def test_a_client_secret_opens_the_session_that_it_was_made_for(
    server_url: str, http: aiohttp.ClientSession, way: str
) -> None:
    wanted = {"type": "realtime", "instructions": "Be brief.", "output_modalities": ["text"]}
    asked = {"session": wanted, "expires_after": {"anchor": "created_at", "seconds": 60}}
    async with http.post(f"http{server_url[2:]}/client_secrets", json=asked) as answer:
        secret = await answer.json()
    assert secret["session"].items() >= wanted.items()
    assert secret["expires_at"] > 1_700_000_000
    headers = {"Authorization": f"Bearer {secret['value']}"} if way == "header" else {}
    protocols = () if way == "header" else ("realtime", f"openai-insecure-api-key.{secret['value']}")
    async with http.ws_connect(server_url, headers=headers, protocols=protocols) as connected:
        assert (await connected.receive_json())["session"].items() >= wanted.items()
    async with http.ws_connect(server_url) as connected:
        assert (await connected.receive_json())["session"]["instructions"] == ""


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ("{", None),
        ('{"session": {"output_modalities": ["video"]}}', "session.output_modalities[0]"),
        ('{"session": {"output_modalities": []}}', "session.output_modalities"),
        ('{"expires_after": {"seconds": 1e99}}', "expires_after.seconds"),
    ],
)
async def test_a_client_secret_of_nothing_is_refused_by_name(
    server_url: str, http: aiohttp.ClientSession, body: str, param: str | None
) -> None:
    async with http.post(f"http{server_url[2:]}/client_secrets", data=body) as answer:
        assert answer.status == 400
        error = (await answer.json())["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


async def test_so_many_clients_are_let_in_and_the_next_when_one_has_left(http: aiohttp.ClientSession) -> None:
    async with serving() as server:
        clients = [await http.ws_connect(server.url) for _ in range(MAX_CLIENTS)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(server.url)
        assert refused.value.status == 503
        await clients.pop().close()
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                try:
                    clients.append(await http.ws_connect(server.url))
                    break
                except aiohttp.WSServerHandshakeError:
                    continue
        for client in clients:
            await client.close()


async def test_a_connection_that_never_becomes_a_session_is_left_and_no_other(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.local.server._HANDSHAKE_S", 0.2)
    player = ScriptPlayer(script_of({"steps": [{"expect": "session.update"}, {"emit": "session.updated"}]}, no_sound))
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    until = asyncio.Event()
    server = asyncio.create_task(serve("127.0.0.1", 0, factory=player, announce=address.set_result, until=until))
    url = json.loads(await address)["url"]
    async with http.ws_connect(url) as client:
        host, port = url.removeprefix("ws://").split("/")[0].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /v1/realtime HTTP/1.1\r\nHost: ")
        async with asyncio.timeout(_PATIENCE_S):
            assert await reader.read() == b""
        writer.close()
        await client.send_json({"type": "session.update", "session": {}})
        assert (await client.receive_json(timeout=_PATIENCE_S))["type"] == "session.updated"
    until.set()
    await server


def no_sound(_sound: object, _rate_hz: int) -> bytes:
    """Nothing is played here."""
    return b""


async def deaf_client(server: Serving) -> asyncio.StreamWriter:
    """A client that sends until nothing more is taken, and never reads."""
    host, port = server.url.removeprefix("ws://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    writer.write(f"GET /v1/realtime HTTP/1.1\r\nHost: {host}\r\n{handshake}\r\n{key}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    part = {"type": "input_text", "text": "x" * 500_000}
    item = {"type": "message", "role": "user", "content": [part]}
    data = json.dumps({"type": "conversation.item.create", "item": item}).encode()
    frame = b"\x81\xff" + len(data).to_bytes(8, "big") + bytes(4) + data
    try:
        while True:
            writer.write(frame)
            await asyncio.wait_for(writer.drain(), 1.0)
    except TimeoutError:
        return writer


async def test_ctrl_c_ends_it_while_the_words_of_a_script_are_made(tmp_path: Path) -> None:
    script = tmp_path / "long.json"
    answer = {"answer": "x", "sound": {"text": "hello there my friend " * 11_000}}
    script.write_text(json.dumps({"steps": [answer]}))
    process = await asyncio.create_subprocess_exec(
        *(VOICE, "serve", "--port", "0", "--faults", "split", "--script", str(script)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(_PATIENCE_S):
        # The seed is told at once; the words take minutes.
        assert b"--seed" in await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert await process.communicate() == (b"", b"")
    assert process.returncode == 0


async def test_it_ends_in_order_though_a_client_does_not_read() -> None:
    async with serving() as server:
        writer = await deaf_client(server)
        server.send(signal.SIGINT)
        assert await server.ended() == (0, "")
        came, gone = server.clients
        assert came.startswith("Client 1 has come: ")
        assert re.fullmatch(r"Client 1 has gone after \d+\.\d s\.\n", gone)
        writer.transport.abort()


async def test_a_second_ctrl_c_ends_it_at_once() -> None:
    async with serving() as server:
        writer = await deaf_client(server)
        ended = asyncio.create_task(server.ended())
        while not ended.done():
            server.send(signal.SIGINT)
            await asyncio.wait([ended], timeout=0.05)
        # As the signal ends a program, and not in order.
        assert await ended == (-signal.SIGINT, "")
        writer.transport.abort()
