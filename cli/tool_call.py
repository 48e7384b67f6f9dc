"""One call of a tool from the shell, in the tool host as in a conversation."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

from cli.terminal.logs import OneLine
from engine.api.options import SessionOptions, ToolPlace
from engine.api.plan import SessionPlan
from engine.errors import InvalidInputError
from engine.realtime.conversation.actions import ToolCall, ToolResult
from engine.realtime.session_events import SessionEvent
from engine.realtime.tools.builtin import BUILT_IN, built_in_tool
from engine.realtime.tools.host.host import ToolHost
from engine.realtime.tools.loading import plugin_names
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool


def call_tool(name: str, given: Sequence[str], references: Sequence[str]) -> ToolResult:
    """Call a tool that is built in, enabled by the configuration, a plugin's, or in one of the references.

    Args:
        name: Name of the tool, or of the plugin that it is all of.
        given: Arguments, `KEY=VALUE` each.
        references: Names of plugins and `MODULE:OBJECT`s.

    Raises:
        InvalidInputError: there is no such tool, an argument has no name, or one is missing.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    return asyncio.run(_call(name, given, references))


async def _call(name: str, given: Sequence[str], references: Sequence[str]) -> ToolResult:
    plugins = [name] if name in plugin_names() and name not in BUILT_IN else []
    plan = SessionPlan(SessionOptions(provider="local", tools=[*references, *plugins], host=ToolPlace.PROCESS))
    built_in = [built_in_tool(known, plan.config.tools) for known in BUILT_IN]
    async with ToolHost(plan.order, _log, plan.chosen.scrubber, asked=plan.asked) as host:
        runner = ToolRunner([*await host.tools(), *built_in], plan.chosen.scrubber)
        result = await runner.run(ToolCall("shell", name, json.dumps(_arguments(name, given, runner.tools))))
        await runner.finish()
    return result


def _arguments(name: str, given: Sequence[str], tools: Sequence[Tool]) -> dict[str, Any]:
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        known = ", ".join(tool.name for tool in tools)
        raise InvalidInputError(f"There is no tool '{name}'.", fix=f"Name one of: {known}; or add `--tools`.")
    arguments = dict(_argument(entry, tool.parameters.get("properties", {})) for entry in given)
    # A model that leaves one out is answered by the tool, as Yandex's tutorial answers with Moscow; a person is asked.
    if left_out := [key for key in tool.parameters.get("required", ()) if key not in arguments]:
        values = " ".join(f"{key}=VALUE" for key in left_out)
        raise InvalidInputError(
            f"The tool '{name}' lacks {', '.join(left_out)}.", fix=f"Write {values} after its name."
        )
    return arguments


def _argument(entry: str, properties: dict[str, Any]) -> tuple[str, Any]:
    """Key and value: JSON, unless the tool wants a text there."""
    key, equals, text = entry.partition("=")
    if not equals:
        raise InvalidInputError(f"The argument '{entry}' has no value.", fix="Write KEY=VALUE.")
    declared = properties.get(key, {})
    if any(kind.get("type") == "string" for kind in (declared, *declared.get("anyOf", ()))):
        return key, text
    try:
        return key, json.loads(text)
    except ValueError:
        return key, text


def _log(event: SessionEvent) -> None:
    logging.getLogger(__name__).warning("%s", getattr(event, "text", getattr(event, "message", "")))
