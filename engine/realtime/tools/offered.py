"""Tools that a session offers: those built in for its provider, those of the configuration, those that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from inspect import isroutine
from typing import Any

from engine.config_tables import Offer
from engine.errors import InvalidInputError, VoiceError
from engine.realtime.providers.catalog import Provider
from engine.realtime.tools.builtin import BUILT_IN, built_in_tool, built_in_tools
from engine.realtime.tools.loading import load_plugin, load_tools, plugin_names, tools_in
from engine.realtime.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class OfferedTools:
    """The tools, and why some of the configuration's are missing."""

    tools: tuple[Tool, ...]
    lacks: tuple[str, ...] = ()


def offered_tools(
    provider: Provider, offer: Offer, asked: Iterable[Callable[..., Any] | Tool | str] = ()
) -> OfferedTools:
    """Gather the tools. What the person names replaces a built-in tool of the same name.

    Args:
        provider: Its built-in tools are offered, less those that are disabled.
        offer: The configuration; what fails to load there is a lack, and the others are offered.
        asked: Functions, tools, names and `MODULE:OBJECT`s of the person.

    Raises:
        InvalidInputError: something of `asked` cannot be loaded.
    """
    named = [tool for reference in asked for tool in tools_called(reference, offer)]
    lacks: list[str] = []
    for reference in offer.enabled:
        try:
            named += tools_called(reference, offer)
        except VoiceError as error:
            lacks.append(f"The tools '{reference}' are not offered: {error}")
    standing = [tool for tool in built_in_tools(provider, offer) if tool.name not in offer.disabled]
    by_name: dict[str, Tool] = {}
    for tool in (*named, *standing):
        by_name.setdefault(tool.name, tool)
    return OfferedTools(tuple(by_name.values()), tuple(lacks))


def tools_called(reference: Callable[..., Any] | Tool | str, offer: Offer) -> list[Tool]:
    """A function as a tool, or the tools behind one name: a built-in tool, a plugin, or `MODULE:OBJECT`.

    Raises:
        InvalidInputError: there is nothing behind it, or it fails.
    """
    if not isinstance(reference, str):
        if not (isinstance(reference, Tool | Sequence) or isroutine(reference)):
            what = f"`tools=` cannot have something of the kind {type(reference).__name__}."
            raise InvalidInputError(what, fix="Give functions, tools or names of them.")
        return tools_in(reference, str(getattr(reference, "__name__", type(reference).__name__)))
    if ":" in reference:
        return load_tools(reference)
    if reference in BUILT_IN:
        return [built_in_tool(reference, offer)]
    if reference not in (plugins := plugin_names()):
        known = ", ".join((*BUILT_IN, *plugins))
        raise InvalidInputError(f"'{reference}' names no tools.", fix=f"Write MODULE:OBJECT, or one of: {known}.")
    plugin = load_plugin(reference)
    if plugin.reason:
        raise InvalidInputError(
            f"The plugin '{reference}' has no tools: {plugin.reason}", fix=f"Update or remove {plugin.package}."
        )
    return list(plugin.tools)
