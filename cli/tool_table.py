"""Table of `voice tools`: one row for each tool, or for each plugin that has none to give."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from typing import Any

from cli.tool_folder import tool_folders
from engine.api.mcp_start import start_servers
from engine.config import load_config
from engine.config_tables import McpServer
from engine.errors import InvalidInputError
from engine.realtime.providers.choose import choose_provider
from engine.realtime.session_events import McpServerChanged, SessionEvent
from engine.realtime.tools.builtin import BUILT_IN, built_in_tool
from engine.realtime.tools.loading import load_plugin, load_tools, plugin_names
from engine.realtime.tools.offered import offered_tools
from engine.realtime.tools.tool import Tool


def tool_rows(provider: str | None, *, with_mcp: bool = False) -> list[dict[str, Any]]:
    """One row for each tool: the name that enables it, what a model is told of it, whether it is offered.

    Args:
        provider: Whose session it would be; None: the one that `voice run` takes.
        with_mcp: Start the MCP servers of the configuration; their rows are named "mcp.NAME".

    Raises:
        VoiceError: the configuration is wrong, or there is no such provider.
    """
    config = load_config()
    chosen = choose_provider(provider, None, os.environ, config)
    with tool_folders((), config):
        offer = config.tools
        offered = {tool.name for tool in offered_tools(chosen.provider, offer).tools}
        rows = [_row(name, "voice-realtime", built_in_tool(name, offer), offered) for name in BUILT_IN]
        for name in plugin_names():
            if name in BUILT_IN:
                continue
            plugin = load_plugin(name)
            rows += [_row(name, plugin.package, tool, offered) for tool in plugin.tools]
            if plugin.reason:
                rows.append(_failed_row(name, plugin.package, plugin.reason))
        for reference in dict.fromkeys(offer.enabled):
            if reference not in (*BUILT_IN, *plugin_names()):
                rows += _enabled_rows(reference, offered)
    return rows + (asyncio.run(_mcp_rows(config.mcp)) if with_mcp else [])


def _enabled_rows(reference: str, offered: set[str]) -> list[dict[str, Any]]:
    """Rows of what the configuration enables beyond the known names: MODULE:OBJECT, or a mistake."""
    try:
        return [_row(reference, "", tool, offered) for tool in load_tools(reference)]
    except InvalidInputError as error:
        return [_failed_row(reference, "", error.message)]


async def _mcp_rows(settings: Mapping[str, McpServer]) -> list[dict[str, Any]]:
    changes: list[SessionEvent] = []
    async with contextlib.AsyncExitStack() as stack:
        tools = await (await start_servers(settings, changes.append, stack))
    rows = []
    for change in changes:
        if isinstance(change, McpServerChanged) and change.state == "ready":
            own, tools = tools[: change.tools], tools[change.tools :]
            rows += [_row(f"mcp.{change.name}", "", tool, {tool.name}) for tool in own]
        elif isinstance(change, McpServerChanged):
            rows.append(_failed_row(f"mcp.{change.name}", "", change.reason))
    return rows


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
