"""What `voice tools` lists: one row for each tool, or for each plugin that has none to give."""

from __future__ import annotations

import os
from typing import Any

from engine.config import load_config
from engine.realtime.builtin_tools import BUILT_IN, built_in_tool
from engine.realtime.offered_tools import offered_tools
from engine.realtime.providers import choose_provider
from engine.realtime.tool_config import read_tool_config
from engine.realtime.tool_loading import load_plugin, plugin_names
from engine.realtime.tools import Tool


def tool_rows(provider: str | None) -> list[dict[str, Any]]:
    """One row for each tool: the name that enables it, what a model is told of it, whether it is offered.

    Raises:
        VoiceError: the configuration is wrong, or there is no such provider.
    """
    config = load_config()
    chosen = choose_provider(provider, None, os.environ, config)
    offer = read_tool_config(config, os.environ).tools
    offered = {tool.name for tool in offered_tools(chosen.provider, offer).tools}
    rows = [_row(name, "voice-engine", built_in_tool(name, offer), offered) for name in BUILT_IN]
    for name in plugin_names():
        if name in BUILT_IN:
            continue
        plugin = load_plugin(name)
        rows += [_row(name, plugin.package, tool, offered) for tool in plugin.tools]
        if plugin.reason:
            rows.append({"name": name, "package": plugin.package, "offered": False, "reason": plugin.reason})
    return rows


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
