"""One embedded server for all tests of this folder: loading its models takes half a second."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.local.client import Client, connect


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Address of the server, a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.local"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    try:
        assert ready["lacks"] == []
        yield ready["url"]
    finally:
        process.communicate(timeout=10)


@pytest_asyncio.fixture
async def client(server_url: str) -> AsyncIterator[Client]:
    """A fresh session."""
    async with connect(server_url) as connected:
        yield connected
