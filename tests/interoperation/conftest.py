"""One `voice serve` for the clients of others: a process of its own, as a person starts it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.serving import serving


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def address() -> AsyncIterator[str]:
    """Its address, up to `/v1`, as OpenAI's clients want it."""
    async with serving() as server:
        yield server.url.removesuffix("/realtime")
