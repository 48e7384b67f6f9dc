"""A headless Chromium, spoken with through its own protocol: what a page shows, does and looks like."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import re
import shutil
import signal
import sys
import tempfile
from types import TracebackType
from typing import Any

import aiohttp
import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium; .ci/setup test installs it")
_PATIENCE_S = 60.0
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--mute-audio", "--autoplay-policy=no-user-gesture-required")


class Browser:
    """One tab.

    Example:
        >>> async with Browser() as browser:
        ...     await browser.open("file:///page.html", width=390, height=844, dark=True)
        ...     title = await browser.run("document.title")
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.complaints: list[str] = []
        """Lines of the console: errors of scripts, and resources that the page may not load."""

    async def __aenter__(self) -> Browser:
        assert CHROMIUM is not None
        self._folder = tempfile.mkdtemp(prefix="browser-")
        self._process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *_OPTIONS,
            "--remote-debugging-port=0",
            f"--user-data-dir={self._folder}",
            "about:blank",
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HOME": self._folder},
        )
        async with asyncio.timeout(_PATIENCE_S):
            assert self._process.stderr is not None
            port = ""
            while not port:
                line = (await self._process.stderr.readline()).decode(errors="replace")
                assert line, "Chromium has ended"
                port = (re.findall(r"ws://127\.0\.0\.1:(\d+)/", line) or [""])[0]
            self._draining = asyncio.ensure_future(self._process.stderr.read())
            self._client = aiohttp.ClientSession()
            async with self._client.get(f"http://127.0.0.1:{port}/json/list") as listed:
                tab = next(entry for entry in await listed.json() if entry["type"] == "page")
            self._socket = await self._client.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)
            self._reading = asyncio.ensure_future(self._read())
            for domain in ("Page", "Runtime", "Log"):
                await self._ask(f"{domain}.enable")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await self._client.close()
        if sys.platform != "win32":
            os.killpg(self._process.pid, signal.SIGKILL)  # its children hold the pipe open
        await self._process.wait()
        await self._draining
        shutil.rmtree(self._folder, ignore_errors=True)

    async def open(self, url: str, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        """Load a page in a window of this size."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self._ask("Emulation.setEmulatedMedia", media="screen", features=scheme)
        await self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self._loaded.clear()
        await self._ask("Page.navigate", url=url)
        async with asyncio.timeout(_PATIENCE_S):
            await self._loaded.wait()

    async def print_out(self) -> None:
        """Let the page look as it does on paper."""
        await self._ask("Emulation.setEmulatedMedia", media="print", features=[])

    async def run(self, script: str) -> Any:
        """Return what an expression is; a promise is waited for."""
        answer = await self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def click(self, x: float, y: float) -> None:
        """Press and release the mouse."""
        for kind in ("mousePressed", "mouseReleased"):
            await self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def picture(self) -> bytes:
        """The whole page as a PNG."""
        answer = await self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(_PATIENCE_S):
            answer = await self._answers[number]
        del self._answers[number]
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            match told.get("method"):
                case None:
                    self._answers[told["id"]].set_result(told)
                case "Page.loadEventFired":
                    self._loaded.set()
                case "Runtime.exceptionThrown" | "Log.entryAdded" | "Runtime.consoleAPICalled":
                    self.complaints.append(str(told["params"]))
