"""The way to a server: encrypted or allowed by the person, through the proxy of the environment, and never sent on."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.config import Config, Keys
from engine.errors import ConnectionFailedError, InvalidInputError, VoiceError
from engine.realtime.connection.websocket import Connection, proxy_for
from engine.realtime.providers.choose import choose_provider
from engine.redaction import Secret

KEY = "sk-swordfish-0123"
FAR = "wss://realtime.example.invalid/v1/realtime"


class Met:
    """A server that keeps the head of every request, and answers as it is told."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.heads: list[str] = []
        self.port = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


async def serve(answer: bytes) -> AsyncIterator[Met]:
    met = Met(answer)
    server = await asyncio.start_server(met, "127.0.0.1", 0)
    met.port = server.sockets[0].getsockname()[1]
    yield met
    server.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Met]:
    async for met in serve(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"):
        yield met


@pytest.fixture
async def other() -> AsyncIterator[Met]:
    async for met in serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"):
        yield met


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


async def failure_at(url: str, *, insecure: bool = False) -> VoiceError:
    """Failure with which a connection with a key ends."""
    chosen = choose_provider("custom", url, {}, Config(keys=Keys(voice_api_key=Secret(KEY))))
    with pytest.raises(VoiceError) as raised:
        await Connection.open(replace(chosen, insecure=insecure))
    return raised.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed_and_its_target_is_named(
    other: Met, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine localhost login me password swordfish\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    app = web.Application()

    async def send_on(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"http://localhost:{other.port}/talk?token=abcd"})

    app.router.add_get("/", send_on)
    async with TestServer(app) as server:
        failure = await failure_at(f"ws://127.0.0.1:{server.port}/")
    assert f"http://localhost:{other.port}/talk?token=***" in failure.message
    assert "url=" in failure.fix
    assert not other.heads


@pytest.mark.parametrize("host", ["192.0.2.1", "example.invalid", "[2001:db8::1]", "127.0.0.1.example.invalid"])
async def test_nothing_goes_in_the_clear_to_another_machine_unless_it_is_allowed(host: str, proxy: Met) -> None:
    failure = await failure_at(f"ws://me:pw@{host}:1/")
    assert isinstance(failure, InvalidInputError)
    assert host in failure.message and "insecure" in failure.fix and "pw" not in str(failure)
    os.environ["HTTP_PROXY"] = f"http://127.0.0.1:{proxy.port}"
    try:
        assert isinstance(await failure_at(f"ws://{host}:1/", insecure=True), ConnectionFailedError)
    finally:
        del os.environ["HTTP_PROXY"]
    assert f"Bearer {KEY}" in proxy.heads[0]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "WSS_PROXY"])
async def test_the_environments_proxy_is_asked_and_learns_no_key(
    name: str, proxy: Met, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"http://me:swordfish@127.0.0.1:{proxy.port}")
    failure = await failure_at(FAR)
    (head,) = proxy.heads
    assert head.startswith("CONNECT realtime.example.invalid:443 ")
    assert base64.b64encode(b"me:swordfish").decode() in head
    assert KEY not in head
    assert "swordfish" not in str(failure)


@pytest.mark.parametrize("exempt", ["*", "realtime.example.invalid", ".example.invalid", "example.invalid"])
def test_no_proxy_exempts_a_server(exempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    assert proxy_for(FAR) == "http://proxy.example:3128"
    assert proxy_for("ws://127.0.0.1:9/") is None
    monkeypatch.setenv("NO_PROXY", exempt)
    assert proxy_for(FAR) is None


async def test_a_proxy_of_another_kind_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://me:swordfish@127.0.0.1:9")
    failure = await failure_at(FAR)
    assert "socks5://***@127.0.0.1:9" in failure.message
    assert "HTTPS_PROXY" in failure.fix
