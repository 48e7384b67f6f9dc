"""MCP servers of ours, real ones: a process on its pipes and an address on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mcp import types

from engine.config_tables import McpServer
from engine.realtime.conversation.actions import ToolCall, ToolResult
from engine.realtime.session_events import McpServerChanged, SessionEvent
from engine.realtime.tools.mcp.content import text_of
from engine.realtime.tools.mcp.servers import McpServers, tool_name
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool, ToolError
from tests.support import mcp_server
from tests.support.mcp_server import SECRET, http_server

SCRIPT = str(Path(mcp_server.__file__))
START_S = 60.0
"""For a loaded machine; importing the package takes a second on an idle one."""


def process(*arguments: str, **settings: Any) -> McpServer:
    """Settings of the test's server as a process."""
    wanted: dict[str, Any] = {"start_timeout_s": START_S, "env": {"TOKEN": SECRET}, **settings}
    return McpServer(command=sys.executable, args=(SCRIPT, *arguments), **wanted)


class News:
    """What is told of the servers."""

    def __init__(self) -> None:
        self.told: list[McpServerChanged] = []
        self._more = asyncio.Event()

    def __call__(self, event: SessionEvent) -> None:
        assert isinstance(event, McpServerChanged)
        self.told.append(event)
        self._more.set()

    async def until(self, state: str) -> McpServerChanged:
        """Wait for a state."""
        async with asyncio.timeout(START_S):
            while True:
                for event in self.told:
                    if event.state == state:
                        return event
                self._more.clear()
                await self._more.wait()


async def all_tools(servers: McpServers) -> list[Tool]:
    """The tools of all servers, once each has started or failed."""
    return [tool for tools in servers.tools.values() for tool in await tools]


async def call(tools: list[Tool], tool: str, **arguments: Any) -> ToolResult:
    """Call one tool as a session does."""
    return await ToolRunner(tools).run(ToolCall("c", tool, json.dumps(arguments)))


def is_running(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_the_tools_of_a_process_are_offered_called_and_ended() -> None:
    news = News()
    async with McpServers({"mine": process()}, news) as servers:
        tools = await all_tools(servers)
        by_name = {tool.name: tool for tool in tools}
        assert by_name["mine_add"].description == "Add two numbers."
        assert by_name["mine_add"].parameters["required"] == ["a", "b"]
        assert news.told == [McpServerChanged("mine", "ready", tools=len(tools))]
        assert (await call(tools, "mine_add", a=2, b=3)).output == "5"
        person = (await call(tools, "mine_person", name="Ann")).output
        assert json.loads(person) == {"name": "Ann", "age": 7}
        assert "image/png, 8 bytes" in (await call(tools, "mine_picture")).output
        odd = next(tool.name for tool in tools if "odd" in tool.name)
        assert (await call(tools, odd)).output == "odd"
        wrong = await call(tools, "mine_add", a="many")
        assert wrong.failed
        failed = await call(tools, "mine_fail")
        assert failed.failed
        assert SECRET not in failed.output
        together = await asyncio.gather(*(call(tools, "mine_add", a=number, b=1) for number in range(20)))
        assert [result.output for result in together] == [str(number + 1) for number in range(20)]
        pid = int((await call(tools, "mine_pid")).output)
        assert is_running(pid)
    assert not is_running(pid)


async def test_one_that_ignores_every_request_to_end_is_killed_within_a_second() -> None:
    async with McpServers({"mine": process("--stay")}, News()) as servers:
        pid = int((await call(await all_tools(servers), "mine_pid")).output)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 2.5
    assert not is_running(pid)


async def test_an_address_with_its_headers() -> None:
    news = News()
    async with http_server(token=SECRET) as url:
        settings = {
            "web": McpServer(url=url, headers={"Authorization": f"Bearer {SECRET}"}, tools=("add",)),
            "closed": McpServer(url=url, headers={"Authorization": "Bearer wrong-token"}),
            "away": McpServer(url="http://127.0.0.1:1/mcp"),
        }
        async with McpServers(settings, news) as servers:
            tools = await all_tools(servers)
            assert [tool.name for tool in tools] == ["web_add"]
            assert (await call(tools, "web_add", a=2, b=3)).output == "5"
    assert {event.name: event.state for event in news.told} == {"web": "ready", "closed": "failed", "away": "failed"}
    assert len(news.told) == 3
    assert all(event.reason for event in news.told if event.state == "failed")
    assert "wrong-token" not in str(news.told)


async def test_an_address_that_goes_away_answers_in_words_and_works_again_when_it_is_back() -> None:
    news, serving = News(), contextlib.AsyncExitStack()
    url = await serving.enter_async_context(http_server())
    async with McpServers({"web": McpServer(url=url)}, news) as servers:
        tools = await all_tools(servers)
        assert (await call(tools, "web_add", a=2, b=3)).output == "5"
        await serving.aclose()
        gone = await call(tools, "web_add", a=2, b=3)
        assert gone.failed
        assert "was lost during the call" in gone.output
        news.told.clear()
        async with http_server(port=urlsplit(url).port or 0):
            await news.until("ready")
            assert (await call(tools, "web_add", a=2, b=3)).output == "5"


async def test_a_server_that_is_lost_again_and_again_is_given_up() -> None:
    news, serving = News(), contextlib.AsyncExitStack()
    url = await serving.enter_async_context(http_server())
    async with McpServers({"web": McpServer(url=url, tools=("add",))}, news) as servers:
        tools = await all_tools(servers)
        await serving.aclose()
        await call(tools, "web_add", a=2, b=3)
        await news.until("given up")
        assert [event.state for event in news.told] == ["ready", "lost", "lost", "lost", "given up"]
        dead = await call(tools, "web_add", a=2, b=3)
        assert "is not running" in dead.output


async def test_servers_that_fail_are_named_with_the_reason_and_the_others_work() -> None:
    news = News()
    settings = {
        "nothing": McpServer(command="a-command-nobody-has"),
        "dying": process("--die-at-once"),
        "silent": process("--say-nothing", start_timeout_s=0.5),
        "good": process(),
    }
    async with McpServers(settings, news) as servers:
        tools = await all_tools(servers)
        assert (await call(tools, "good_add", a=1, b=1)).output == "2"
    reasons = {event.name: event.reason for event in news.told}
    assert reasons["nothing"] == "there is no command 'a-command-nobody-has'"
    assert "no such folder; token ***" in reasons["dying"]
    assert reasons["silent"] == "it did not answer within 0.5 s"
    assert reasons["good"] == ""


async def test_a_server_that_dies_in_a_call_answers_in_words_and_is_started_again() -> None:
    news = News()
    async with McpServers({"mine": process()}, news) as servers:
        tools = await all_tools(servers)
        before = (await call(tools, "mine_pid")).output
        died = await call(tools, "mine_die")
        assert died.failed
        assert "lost during the call" in died.output
        lost = await news.until("lost")
        assert "dying with ***" in lost.reason
        news.told.clear()
        await news.until("ready")
        after = await call(tools, "mine_pid")
        assert not after.failed
        assert after.output != before
    assert not is_running(int(after.output))


async def test_a_server_that_is_killed_between_calls_is_started_again() -> None:
    news = News()
    async with McpServers({"mine": process()}, news) as servers:
        tools = await all_tools(servers)
        news.told.clear()
        os.kill(int((await call(tools, "mine_pid")).output), 9)
        await news.until("lost")
        await news.until("ready")
        assert (await call(tools, "mine_add", a=1, b=1)).output == "2"


async def test_a_call_that_takes_too_long_is_given_up_and_the_server_works_on() -> None:
    async with McpServers({"mine": process(timeout_s=0.2)}, News()) as servers:
        tools = await all_tools(servers)
        late = await call(tools, "mine_wait")
        assert "no answer within 0.2 s" in late.output
        runner = ToolRunner([tool for tool in tools if tool.name == "mine_add"])
        assert not (await runner.run(ToolCall("c", "mine_add", '{"a": 1, "b": 1}'))).failed


async def test_the_end_while_servers_are_still_starting() -> None:
    async with asyncio.timeout(START_S):
        async with McpServers({"silent": process("--say-nothing"), "good": process()}, News()):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("server", "tool", "name"),
    [
        ("files", "read_file", "files_read_file"),
        ("a", "b.c", "a_b_c_"),
        ("a", "x" * 70, "a_xxx"),
        ("a", "погода", "a____"),
    ],
)
def test_names_are_such_as_the_services_take(server: str, tool: str, name: str) -> None:
    made = tool_name(server, tool)
    assert made.startswith(name)
    assert len(made) <= 64
    assert made.replace("_", "").replace("-", "").isalnum()
    assert made.isascii()


def test_names_that_would_be_the_same_are_not() -> None:
    names: list[str] = []
    same = (("a", "b_c_d"), ("a_b", "c_d"), ("a_b_c", "d"))
    for server, tool in (*same, ("a", "b.c"), ("a", "b/c"), ("a", "x" * 70), ("a", "x" * 71)):
        names.append(tool_name(server, tool, names))
    assert len(set(names)) == len(names)


def test_what_a_voice_cannot_say_is_described_and_nothing_is_told_twice() -> None:
    text = types.TextContent(text='{"result": 3}')
    link = types.ResourceLink(name="report", uri="file:///report.txt")
    inside = types.EmbeddedResource(resource=types.TextResourceContents(uri="a:b", text="inside"))
    blob = types.EmbeddedResource(resource=types.BlobResourceContents(uri="a:b", blob="AAAA"))
    sound = types.AudioContent(data="AAAAAAAA", mime_type="audio/wav")
    assert text_of(types.CallToolResult(content=[text], structured_content={"result": 3})) == '{"result": 3}'
    both = text_of(types.CallToolResult(content=[inside], structured_content={"x": 1}))
    assert both == 'inside\n{"x": 1}'
    described = text_of(types.CallToolResult(content=[link, blob, sound]))
    assert described.count("cannot be given") == 2
    assert "report" in described
    assert text_of(types.CallToolResult(content=[])) == "The tool returned nothing."
    with pytest.raises(ToolError, match="gave no reason"):
        text_of(types.CallToolResult(content=[], is_error=True))
