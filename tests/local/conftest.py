"""One embedded server for all tests of this folder: loading its models takes half a second."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from engine.local.process import LocalServer
from engine.local.speech_worker import SpeechWorker
from tests.local.client import Client, connect


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server_url() -> AsyncIterator[str]:
    """Address of the server, a process of its own."""
    async with LocalServer() as server:
        assert server.lacks == []
        yield server.url


@pytest_asyncio.fixture
async def client(server_url: str) -> AsyncIterator[Client]:
    """A fresh session over a real socket."""
    async with connect(server_url) as connected:
        yield connected


@pytest.fixture(scope="session")
def speech_worker() -> Iterator[SpeechWorker]:
    """The recogniser and the voice in this process, for tests that hold a session in their own hands."""
    speech_worker = SpeechWorker()
    yield speech_worker
    speech_worker.close()
