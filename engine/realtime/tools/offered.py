"""Tools that a session offers: those built in for its provider, those of the configuration, those that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from inspect import isroutine
from typing import Any

from engine.config_tables import Offer
from engine.errors import InvalidInputError, VoiceError, nearest
from engine.realtime.providers.catalog import Provider
from engine.realtime.tools.builtin import BUILT_IN, built_in_tool, built_in_tools
from engine.realtime.tools.loading import plugin_names, refuse_file, require_findable, tools_in, tools_named
from engine.realtime.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class OfferedTools:
    """The tools of a session."""

    tools: tuple[Tool, ...]
    lacks: tuple[str, ...] = ()
    """Sentences on what of the configuration is not offered."""
    hosted: tuple[str, ...] = ()
    """References that are left to the tool host, the person's before the configuration's."""


def offered_tools(
    provider: Provider,
    offer: Offer,
    asked: Iterable[Callable[..., Any] | Tool | str] = (),
    hosted_path: Sequence[str] | None = None,
) -> OfferedTools:
    """Gather the tools. What the person names replaces a built-in tool of the same name.

    Args:
        provider: Its built-in tools are offered, less those that are disabled.
        offer: The configuration; what fails to load there is a lack, and the others are offered.
        asked: Functions, tools, names and `MODULE:OBJECT`s of the person.
        hosted_path: Folders in which a tool host looks for the modules that are named; None: they are imported here.

    Raises:
        InvalidInputError: something of `asked` cannot be loaded.
    """
    named: list[Tool] = []
    hosted: list[str] = []
    lacks: list[str] = []

    for reference in asked:
        if hosted_path is None or not isinstance(reference, str) or reference in BUILT_IN:
            named += tools_called(reference, offer)
        else:
            _require_known(reference)
            require_findable(reference, hosted_path)
            hosted.append(reference)
    for reference in offer.enabled:
        if hosted_path is not None and reference not in BUILT_IN:
            hosted.append(reference)
            continue
        try:
            named += tools_called(reference, offer)
        except VoiceError as error:
            lacks.append(not_offered(reference, str(error)))
    standing = [tool for tool in built_in_tools(provider, offer) if tool.name not in offer.disabled]
    by_name: dict[str, Tool] = {}
    for tool in (*named, *standing):
        by_name.setdefault(tool.name, tool)
    return OfferedTools(tuple(by_name.values()), tuple(lacks), tuple(dict.fromkeys(hosted)))


def not_offered(reference: str, reason: str) -> str:
    """The sentence on what of the configuration is not offered."""
    return f"The tools '{reference}' are not offered: {reason}"


def tools_called(reference: Callable[..., Any] | Tool | str, offer: Offer) -> list[Tool]:
    """A function as a tool, or the tools behind one name: a built-in tool, a plugin, or `MODULE:OBJECT`.

    Raises:
        InvalidInputError: there is nothing behind it, or it fails.
    """
    if isinstance(reference, str):
        _require_known(reference)
        return [built_in_tool(reference, offer)] if reference in BUILT_IN else tools_named(reference)
    if not (isinstance(reference, Tool | Sequence) or isroutine(reference)):
        what = f"`tools=` cannot have something of the kind {type(reference).__name__}."
        raise InvalidInputError(what, fix="Give functions, tools or names of them.")
    return tools_in(reference, str(getattr(reference, "__name__", type(reference).__name__)))


def _require_known(reference: str) -> None:
    refuse_file(reference)
    known = [*BUILT_IN, *plugin_names()]
    if ":" not in reference and reference not in known:
        meant = nearest(reference, known)
        raise InvalidInputError(
            f"'{reference}' names no tools.",
            fix=f"{meant}Write MODULE:OBJECT, or one of: {', '.join(known)}.",
        )
