"""Table of `voice tools`: one row for each tool, or for each plugin that has none to give."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from engine.api.options import SessionOptions, ToolPlace
from engine.api.plan import SessionPlan
from engine.config_tables import McpServer
from engine.errors import VoiceError
from engine.realtime.session_events import McpServerChanged, SessionEvent
from engine.realtime.tools.builtin import BUILT_IN, built_in_tool
from engine.realtime.tools.host.host import ToolHost
from engine.realtime.tools.loading import package_bringing, plugin_names
from engine.realtime.tools.mcp.servers import McpServers
from engine.realtime.tools.tool import Tool


def tool_rows(provider: str | None, *, with_mcp: bool = False) -> list[dict[str, Any]]:
    """One row for each tool: the name that enables it, what a model is told of it, whether it is offered.

    Args:
        provider: Whose session it would be; None: the one that `voice run` takes.
        with_mcp: Start the MCP servers of the configuration; their rows are named "mcp.NAME".

    Raises:
        VoiceError: the configuration is wrong, or there is no such provider.
    """
    return asyncio.run(_rows(provider, with_mcp=with_mcp))


async def _rows(provider: str | None, *, with_mcp: bool) -> list[dict[str, Any]]:
    plugins = [name for name in plugin_names() if name not in BUILT_IN]
    plan = SessionPlan(SessionOptions(provider=provider, tools=plugins, host=ToolPlace.PROCESS))
    offer = plan.config.tools
    async with ToolHost(plan.order, lambda _: None, plan.chosen.scrubber) as host:
        found = await host.loaded()
    enabled = [found[name] for name in offer.enabled if name in found]
    offered = {tool.name for tools in (plan.tools, *enabled) if not isinstance(tools, VoiceError) for tool in tools}
    rows = [_row(name, "voice-realtime", built_in_tool(name, offer), offered) for name in BUILT_IN]
    for name, tools in found.items():
        if isinstance(tools, VoiceError):
            rows.append(_failed_row(name, package_bringing(name), tools.message))
        else:
            rows += [_row(name, package_bringing(name), tool, offered) for tool in tools]
    return rows + (await _mcp_rows(plan.config.mcp) if with_mcp else [])


async def _mcp_rows(settings: Mapping[str, McpServer]) -> list[dict[str, Any]]:
    changes: list[SessionEvent] = []
    async with McpServers(settings, changes.append) as servers:
        found = {name: await tools for name, tools in servers.tools.items()}
    rows = [_row(f"mcp.{name}", "", tool, {tool.name}) for name, tools in found.items() for tool in tools]
    failed = [change for change in changes if isinstance(change, McpServerChanged) and change.state == "failed"]
    return rows + [_failed_row(f"mcp.{change.name}", "", change.reason) for change in failed]


def _failed_row(name: str, package: str, reason: str) -> dict[str, Any]:
    return {"name": name, "package": package, "offered": False, "reason": reason}


def _row(name: str, package: str, tool: Tool, offered: set[str]) -> dict[str, Any]:
    return {
        "name": name,
        "package": package,
        "offered": tool.name in offered,
        "reason": "",
        "tool": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "timeout_s": tool.timeout_s,
        "on_interrupt": tool.on_interrupt.value,
    }
