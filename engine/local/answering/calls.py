"""Calls of any tool: one that a person names, or one that a request requires, with arguments that fit its schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.local.answering.numbers import parse_number

Tools = Mapping[str, dict[str, Any]]
"""Names of the functions that a client offers, with the JSON schema of their arguments."""
_VERB = r"(?:call|use|run|вызови|запусти)\s+(?:the\s+)?(?:(?:tool|function|инструмент|функцию)\s+)?"
_FILLER = re.compile(r"^(?:(?:tool|function|please|with|for|in|of|to|at|on|в|для|с)\b|[\s,:=(-])+", re.IGNORECASE)
_YES = frozenset({"yes", "on", "true", "1", "да", "вкл"})


@dataclass(frozen=True, slots=True)
class Call:
    """Ask the client to run a tool."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


def named_call(text: str, tools: Tools) -> Call | None:
    """Return the call of the tool that a text names, with what follows the name as its arguments.

    Example:
        >>> room = {"properties": {"room": {"type": "string"}, "percent": {"type": "integer"}}}
        >>> named_call("call set light, kitchen, fifty", {"set_light": room})
        Call(name='set_light', arguments={'room': 'kitchen', 'percent': 50})
    """
    for name in sorted(tools, key=len, reverse=True):
        words = [re.escape(word) for word in re.split(r"[\W_]+", name.lower()) if word]
        if not words or words[0] not in text.lower():
            continue
        spoken = r"[\W_]+".join(words)
        # A name of one word may be any word: it takes a verb before it.
        ways = [rf"\b{_VERB}{spoken}", *([rf"^\W*{spoken}", rf"\b{re.escape(name)}"] if len(words) > 1 else [])]
        match = re.search(rf"(?:{'|'.join(ways)})\b(.*)", text, re.IGNORECASE | re.DOTALL)
        if match is not None:
            return call_of(name, tools[name], _FILLER.sub("", match[1]), text)
    return None


def call_of(name: str, schema: dict[str, Any], given: str, said: str) -> Call:
    """Return a call with the arguments that were `given` in order, and whatever else is required.

    Args:
        name: Of the tool.
        schema: Of its arguments, as a client wrote it: it may be anything.
        given: The arguments in words, with commas between them.
        said: All that the person said, for texts that are required and were not given.
    """
    properties = _object(schema.get("properties"))
    required = schema.get("required")
    values = given.split(",", max(len(properties) - 1, 0))
    arguments = {}
    for index, (field_name, form) in enumerate(properties.items()):
        value = values[index].strip(" \t\n\"'.?!)") if index < len(values) else ""
        if value or (isinstance(required, list) and field_name in required):
            arguments[field_name] = _value(_object(form), value, value or said.strip() or field_name)
    return Call(name, arguments)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _value(form: dict[str, Any], given: str, text: str) -> Any:
    """Return what a schema allows and a text comes closest to."""
    if not given and "default" in form:
        return form["default"]
    choices = form.get("enum")
    if isinstance(choices, list) and choices:
        return next((choice for choice in choices if str(choice).lower() == given.lower()), choices[0])
    options = form.get("anyOf")
    kind = _object(options[0]).get("type") if isinstance(options, list) and options else form.get("type")
    value: Any = text
    match kind[0] if isinstance(kind, list) and kind else kind:
        case "integer" | "number" as wanted:
            number = parse_number(given)
            value = form.get("minimum", 1) if number is None else (int if wanted == "integer" else float)(number)
        case "boolean":
            value = given.lower() in _YES
        case "array":
            value = [given] if given else []
        case "object":
            value = {}
    return value
