"""The protocol as data (tests/data/realtime_events.json): values of its shapes are made, and checked against them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROTOCOL: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "data" / "realtime_events.json").read_text(encoding="utf-8")
)
_SIMPLE: dict[str, Any] = {"str": "text", "int": 7, "float": 1.5, "bool": True, "object": {"a": 1}, "24000": 24000}
_TYPES: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": dict, "24000": int}


def shape_of(event: str, side: str = "server") -> tuple[str, dict[str, str]]:
    """The module and the fields of an event: names of shapes are looked for in the module first."""
    fields: dict[str, str] = PROTOCOL[side][event]
    of_this_event = (name for name, shape in PROTOCOL["shapes"].items() if shape == fields)
    return next(of_this_event, ".").partition(".")[0], fields


def name_of(field: str) -> str:
    """A field's name without the mark of what may be left out."""
    return field.removesuffix("?")


def examples(kind: str, module: str, *, optional: bool = True) -> Iterator[Any]:
    """A value for every alternative of a type but null, with or without the optional fields inside."""
    for alternative in _alternatives(kind):
        if alternative == "null":
            continue
        if inside := re.fullmatch(r"list\[(.*)\]", alternative):
            yield [next(examples(inside[1], module, optional=optional))]
        elif inside := re.fullmatch(r"dict\[str, (.*)\]", alternative):
            yield {"key": next(examples(inside[1], module, optional=optional))}
        elif alternative.startswith("'"):
            yield alternative.strip("'")
        elif alternative in _SIMPLE:
            yield _SIMPLE[alternative]
        else:
            inner, fields = _shape(alternative, module)
            yield example(fields, inner, optional=optional)


def example(fields: dict[str, str], module: str, *, optional: bool = True) -> dict[str, Any]:
    """An object of a shape: the first alternative of each field."""
    return {
        name_of(field): next(examples(kind, module, optional=optional))
        for field, kind in fields.items()
        if optional or not field.endswith("?")
    }


def faults(value: Any, kind: str, module: str, path: str = "") -> list[str]:
    """What is wrong with a value of a type; nothing if it fits one of the alternatives."""
    found = [_faults_of(value, alternative, module, path) for alternative in _alternatives(kind)]
    return min(found, key=len)


def faults_of_object(value: dict[str, Any], fields: dict[str, str], module: str, path: str = "") -> list[str]:
    """What is wrong with an object: fields that are missing, unknown, or of another type."""
    kinds = {name_of(field): kind for field, kind in fields.items()}
    missing = [f"{path}.{field} is missing" for field in fields if not field.endswith("?") and field not in value]
    unknown = [f"{path}.{name} is unknown" for name in value if name not in kinds]
    inside = [faults(inner, kinds[name], module, f"{path}.{name}") for name, inner in value.items() if name in kinds]
    return missing + unknown + [fault for found in inside for fault in found]


def _faults_of(value: Any, alternative: str, module: str, path: str) -> list[str]:
    wrong = [f"{path} is no {alternative}"]
    holder = re.fullmatch(r"(list\[|dict\[str, )(.*)\]", alternative)
    if holder:
        if not isinstance(value, list if holder[1] == "list[" else dict):
            return wrong
        elements = value if isinstance(value, list) else value.values()
        return [fault for element in elements for fault in faults(element, holder[2], module, path)]
    if alternative == "null" or alternative.startswith("'"):
        return [] if value == {"null": None}.get(alternative, alternative.strip("'")) else wrong
    if alternative in _TYPES:
        fits = isinstance(value, _TYPES[alternative]) and isinstance(value, bool) == (alternative == "bool")
        return [] if fits else wrong
    inner, fields = _shape(alternative, module)
    return faults_of_object(value, fields, inner, path) if isinstance(value, dict) else wrong


def _shape(name: str, module: str) -> tuple[str, dict[str, str]]:
    shapes: dict[str, dict[str, str]] = PROTOCOL["shapes"]
    if f"{module}.{name}" in shapes:
        return module, shapes[f"{module}.{name}"]
    key = next(key for key in shapes if key.partition(".")[2] == name)
    return key.partition(".")[0], shapes[key]


def _alternatives(kind: str) -> list[str]:
    """The members of a union, split where no bracket is open."""
    parts, depth = [""], 0
    for character in kind:
        depth += (character == "[") - (character == "]")
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
