"""Partial matches of events, values taken out of them, and values put into later ones.

A pattern matches what has at least its fields. A text with `*` or `?` is a wildcard; `"400..600"` is any number from
400 to 600; `"!"` is a field that is absent or null; everything else must be equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)")
_PLACE = re.compile(r"\$\{(\w+)\}")
_ABSENT = "!"


def difference(value: Any, pattern: Any, path: str = "") -> str | None:
    """Say where a value does not match a pattern; None where it does.

    Args:
        value: Decoded JSON.
        pattern: The fields it must have, with wildcards, ranges and absences as described above.
        path: Place of the value in the whole, for the sentence.

    Example:
        >>> difference({"item_id": "item_7", "audio_end_ms": 700}, {"item_id": "item_*", "audio_end_ms": "0..500"})
        'audio_end_ms is 700, not 0..500'
    """
    if isinstance(pattern, Mapping):
        if not isinstance(value, Mapping):
            return f"{path or 'it'} is {_shown(value)}, not an object"
        inner = f"{path}." if path else ""
        found = (difference(value.get(name), wanted, f"{inner}{name}") for name, wanted in pattern.items())
        return next((text for text in found if text is not None), None)
    if isinstance(pattern, list | tuple):
        if not isinstance(value, list) or len(value) != len(pattern):
            return f"{path} is {_shown(value)}, not a list of {len(pattern)}"
        found = (
            difference(one, wanted, f"{path}.{at}") for at, (one, wanted) in enumerate(zip(value, pattern, strict=True))
        )
        return next((text for text in found if text is not None), None)
    return None if _fits(value, pattern) else f"{path or 'it'} is {_shown(value)}, not {_shown(pattern, bare=True)}"


def _fits(value: Any, pattern: Any) -> bool:
    if not isinstance(pattern, str):
        # JSON's true is not a number, Python's is.
        return bool(value == pattern) and isinstance(value, bool) == isinstance(pattern, bool)
    if pattern == _ABSENT:
        return value is None
    if pattern == "*":
        return value is not None
    bounds = _RANGE.fullmatch(pattern)
    if bounds and isinstance(value, int | float):
        return float(bounds[1]) <= value <= float(bounds[2])
    return isinstance(value, str) and (value == pattern or fnmatchcase(value, pattern))


def _shown(value: Any, *, bare: bool = False) -> str:
    text = str(value) if bare else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def picked(event: Any, path: str) -> Any:
    """Return the value at a path of names and indices, None where there is none.

    Example:
        >>> picked({"item": {"content": [{"text": "hi"}]}}, "item.content.0.text")
        'hi'
    """
    value = event
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a copy with every `${name}` replaced; a text that is nothing else takes the value as it is.

    Raises:
        KeyError: no value of this name was saved.

    Example:
        >>> filled({"item_id": "${item}", "text": "turn ${n}"}, {"item": "item_1", "n": 2})
        {'item_id': 'item_1', 'text': 'turn 2'}
    """
    if isinstance(template, Mapping):
        return {name: filled(value, values) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if whole := _PLACE.fullmatch(template):
        return values[whole[1]]
    return _PLACE.sub(lambda place: str(values[place[1]]), template)
