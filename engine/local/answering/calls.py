"""Calls of any tool: one that a person names, or one that a request requires, with arguments that fit its schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.local.answering.numbers import parse_number
from engine.local.answering.speech import language_of

Tools = Mapping[str, dict[str, Any]]
"""Names of the functions that a client offers, with the JSON schema of their arguments."""
_VERB = r"(?:call|use|run|вызови|запусти)\s+(?:the\s+)?(?:(?:tool|function|инструмент|функцию)\s+)?"
_FILLER = re.compile(r"^(?:(?:tool|function|please|with|for|in|of|to|at|on|в|для|с)\b|[\s,:=(-])+", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"^\W*(?:please\W+|пожалуйста\W+)?(?:call|вызови)\s+(?:(?:the|tool|function|инструмент|функцию)\s+)*([^,.:(]{1,50})",
    re.IGNORECASE,
)
_UNKNOWN_WORDS = ("There is no tool {}. Tools to call: {}.", "Нет инструмента {}. Можно вызвать: {}.")
_NEEDS = (
    "To call {}, say behind its name, with commas between: {}.",
    "Чтобы вызвать {}, назовите после имени через запятую: {}.",
)
_YES = frozenset({"yes", "on", "true", "1", "да", "вкл"})


@dataclass(frozen=True, slots=True)
class Call:
    """Ask the client to run a tool."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


def named_call(text: str, tools: Tools) -> Call | str | None:
    """Return the call of the tool that a text names, with what follows the name as its arguments, or what it lacks.

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
            call = call_of(name, tools[name], _FILLER.sub("", match[1]))
            lacking = ", ".join(key for key, value in call.arguments.items() if value is None)
            return _in_words(text, _NEEDS, name, lacking) if lacking else call
    if (unknown := _UNKNOWN.match(text)) is None:
        return None
    return _in_words(text, _UNKNOWN_WORDS, unknown[1].strip(), ", ".join(tools) or "-")


def _in_words(text: str, english_russian: tuple[str, str], *values: str) -> str:
    return english_russian[language_of(text) == "ru"].format(*values)


def call_of(name: str, schema: dict[str, Any], given: str, said: str | None = None) -> Call:
    """Return a call with the arguments that were `given` in order, and whatever else is required.

    Args:
        name: Of the tool.
        schema: Of its arguments, as a client wrote it: it may be anything.
        given: The arguments in words, with commas between them.
        said: All that the person said, for texts that are required, where the call is made whatever was given; without
            it, what is required and was not given is None.
    """
    properties = _object(schema.get("properties"))
    required = schema.get("required")
    values = given.split(",", max(len(properties) - 1, 0))
    arguments = {}
    for index, (field_name, form) in enumerate(properties.items()):
        value = values[index].strip(" \t\n\"'.?!)") if index < len(values) else ""
        if value or (isinstance(required, list) and field_name in required):
            arguments[field_name] = _value(_object(form), value, None if said is None else said.strip() or field_name)
    return Call(name, arguments)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _value(form: dict[str, Any], given: str, said: str | None) -> Any:
    """Return what a schema allows and some words mean; else the least of it, or None where nothing is `said`."""
    choices: Any = form.get("enum")
    options = form.get("anyOf")
    kind = _object(options[0]).get("type") if isinstance(options, list) and options else form.get("type")
    fitting: Any = None
    least: Any = said
    match "enum" if isinstance(choices, list) and choices else kind[0] if isinstance(kind, list) and kind else kind:
        case "enum" if isinstance(choices, list) and choices:  # not a type of that name, which there is not
            fitting, least = (
                next((choice for choice in choices if str(choice).lower() == given.lower()), None),
                choices[0],
            )
        case "integer" | "number" as wanted:
            number, least = parse_number(given), form.get("minimum", 1)
            fitting = None if number is None else (int if wanted == "integer" else float)(number)
        case "boolean":
            fitting, least = given.lower() in _YES, False
        case "array":
            fitting, least = [given], []
        case "object":
            least = {}
        case _:
            fitting = given
    if given and fitting is not None:
        return fitting
    return form["default"] if "default" in form and not given else None if said is None else least
