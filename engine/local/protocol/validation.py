"""Checks what a client sends as strictly as the real services do, and says what is wrong in their words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.realtime.protocol.server_events.depth import DEEPEST, is_deeper

_Object = dict[str, Any]
_SHOWN = 64
"""Characters of the client's own words that an error repeats."""
_MOST_VALUES = 200_000
LONGEST_LIST = 256


@dataclass(eq=False)  # an exception must be hashable and take a traceback
class Refusal(Exception):  # noqa: N818 - the protocol's word for it is an error event
    """An event that cannot be carried out; becomes an error event, and the session goes on."""

    message: str
    code: str = "invalid_value"
    param: str | None = None

    def as_json(self) -> _Object:
        """The protocol's error object."""
        return {"type": "invalid_request_error", "code": self.code, "message": self.message, "param": self.param}


@dataclass(frozen=True, slots=True)
class Need:
    """Requirement of a field."""

    types: tuple[type, ...]
    required: bool = False
    fields: Mapping[str, Need] | None = None
    """Known fields of an object; None allows any."""
    each: Need | None = None
    """Need of every entry of a list, or of an object of free names."""
    choices: tuple[str, ...] = ()
    """Values that a text may have; empty allows any."""
    between: tuple[float, float] | None = None
    """Least and greatest value of a number."""
    longest: int | None = None
    """Most characters of a text, or entries of a list or an object; of a list never more than LONGEST_LIST."""


def parse(text: str) -> _Object:
    """Return a client's message as an object.

    Raises:
        Refusal: it is not JSON, no object, or nested too deep.
    """
    # Counted before it is read: what is made of 16 MB of brackets takes ten seconds, and nobody else is served.
    if sum(map(text.count, "[{,")) > _MOST_VALUES:
        raise Refusal(f"The message has more than {_MOST_VALUES} values.", "invalid_json")
    try:
        message = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal("The message is not valid JSON.", "invalid_json") from None
    if not isinstance(message, dict):
        raise Refusal("The message is not a JSON object.", "invalid_json")
    if is_deeper(message):
        raise Refusal(f"The message is nested deeper than {DEEPEST} levels.", "invalid_json")
    return message


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(name)


def missing(path: str) -> Refusal:
    """Return what is said of a parameter that has to be there."""
    return Refusal(f"Missing required parameter: '{path}'.", "missing_required_parameter", path)


def check_fields(values: _Object, needs: Mapping[str, Need], path: str = "") -> None:
    """Check the fields of an object, at `path` of the event ("" or ending with a dot).

    Args:
        values: The object.
        needs: Requirement of each field, by name.
        path: Place of the object in the event.

    Raises:
        Refusal: something is missing, unknown, of a wrong type or out of range; `param` names it.
    """
    for name, need in needs.items():
        if need.required and values.get(name) is None:
            raise missing(path + name)
    for name, value in values.items():
        where = path + name[:_SHOWN]
        if name not in needs:
            raise Refusal(f"Unknown parameter: '{where}'.", "unknown_parameter", where)
        if value is not None:
            _check_value(value, needs[name], where)


def known_part(values: _Object, needs: Mapping[str, Need]) -> _Object:
    """Return a copy of an object without the fields that nobody knows."""
    known = {name: value for name, value in values.items() if name in needs}
    for name, value in known.items():
        if isinstance(value, dict) and (fields := needs[name].fields):
            known[name] = known_part(value, fields)
    return known


def _check_value(value: Any, need: Need, where: str) -> None:
    # A boolean is an int to Python, but not to JSON.
    if not isinstance(value, need.types) or (isinstance(value, bool) and bool not in need.types):
        wanted = " or ".join(type_.__name__ for type_ in need.types)
        raise Refusal(f"Invalid type for '{where}': expected {wanted}.", "invalid_type", where)
    longest = LONGEST_LIST if need.longest is None and isinstance(value, list) else need.longest
    if longest is not None and isinstance(value, str | dict | list) and len(value) > longest:
        raise Refusal(f"'{where}' is longer than {longest}.", "invalid_value", where)
    if isinstance(value, str):
        _check_choice(value, need, where)
    elif isinstance(value, dict | list):
        _check_entries(value, need, where)
    elif isinstance(value, int | float) and need.between and not need.between[0] <= value <= need.between[1]:
        message = f"'{where}' must be from {need.between[0]:g} to {need.between[1]:g}."
        raise Refusal(message, "invalid_value", where)


def _check_choice(value: str, need: Need, where: str) -> None:
    if need.choices and value not in need.choices:
        known = ", ".join(f"'{choice}'" for choice in need.choices)
        message = f"Invalid value: '{value[:_SHOWN]}'. Supported values are: {known}."
        raise Refusal(message, "invalid_value", where)


def _check_entries(value: _Object | list[Any], need: Need, where: str) -> None:
    if isinstance(value, dict) and need.fields is not None:
        check_fields(value, need.fields, f"{where}.")
    if need.each is not None:
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, entry in named:
            _check_value(entry, need.each, f"{where}[{str(name)[:_SHOWN]}]")
