"""Reads JSON as the declarations of `server_events` say, and leniently: only a field that is needed must be right.

From each class one reader is made, once. A null, a field that is missing and a value of another type become the type's
empty value, or None where the type allows it. A whole number counts as an integer, and what stands in the place of a
text as its JSON: some servers number their ids and codes, and some send the arguments of a call as an object.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from functools import cache, partial
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from engine.realtime.protocol.codec import decode_base64
from engine.realtime.protocol.server_events.base import (
    WIRE,
    At,
    Declared,
    ServerError,
    ServerEvent,
    StatusDetails,
)

_Object = dict[str, Any]
_Reader = Callable[[Any], Any]
_EventReader = Callable[[_Object], ServerEvent]
_Plan = list[tuple[str, _Reader, bool]]
"""For each field the member of the object that holds it, that member's reader, and whether the event needs it."""


class FieldError(Exception):
    """A value of the wrong type; the text quotes nothing of it."""


def event_reader(declared: Declared) -> _EventReader:
    """Return what turns a message of this event into its value, and raises `FieldError` without what it needs."""
    plan = [*_plan(declared.event, declared.decided), ("event_id", _text, False)]
    given = {name: value for name, value in declared.decided.items() if not isinstance(value, At)}
    make: Callable[..., ServerEvent] = partial(declared.event, **given) if given else declared.event

    def read(message: _Object) -> ServerEvent:
        *values, event_id = _values(plan, message)
        return make(*values, event_id=event_id)

    return read


def _plan(kind: type, decided: _Object) -> _Plan:
    """Return how the fields that the wire fills are read."""
    hints = get_type_hints(kind)
    plan: _Plan = []
    for entry in fields(kind):
        place = decided.get(entry.name, entry.metadata.get(WIRE, At(entry.name)))
        if entry.kw_only or not isinstance(place, At) or not place.path:
            continue
        root, *deeper = place.path.split(".")
        reader = _reader_of(hints[entry.name])
        plan.append((root, _deep(deeper, reader), place.needed))
    return plan


def _values(plan: _Plan, content: _Object) -> list[Any]:
    """Read the fields of an object in their order."""
    values = []
    for name, reader, is_needed in plan:
        try:
            values.append(reader(content.get(name)))
        except FieldError as error:
            if is_needed:
                raise FieldError(f"'{name}' {error}") from None
            values.append(reader(None))
    return values


@cache
def _reader_of(kind: Any) -> _Reader:
    """Return the reader of values of a dataclass field's type."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    options = get_args(kind)
    if get_origin(kind) is tuple:
        return _list_of(_reader_of(options[0]))
    if NoneType in options:
        (only,) = [option for option in options if option is not NoneType]
        return _nullable(_reader_of(only))
    return _object_of(kind)


def _text(value: Any) -> str:
    if value.__class__ is str:
        return value
    return "" if value is None else json.dumps(value)


def _number(value: Any) -> float:
    # NaN and infinity pass `parse_json`, and int() raises on them; so does float() on integers of hundreds of digits.
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FieldError("is not a number")
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.inf
    if not math.isfinite(number):
        raise FieldError("is not a number")
    return number


_LARGEST = 1 << 53
"""The greatest integer of JSON that every program reads alike; none of the protocol comes near it."""


def _integer(value: Any) -> int:
    number = value if value.__class__ is int else int(_number(value))
    if abs(number) > _LARGEST:
        raise FieldError("is too large")
    return number


def _flag(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise FieldError("is neither true nor false")


def _object(value: Any) -> _Object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldError("is not an object")
    return value


def _audio(value: Any) -> bytes:
    try:
        return decode_base64(value or "")
    except (ValueError, TypeError):
        raise FieldError("is not base64") from None


_SIMPLE: dict[Any, _Reader] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _flag,
    _Object: _object,
    bytes: _audio,
}


def _nullable(reader: _Reader) -> _Reader:
    return lambda value: None if value is None else reader(value)


def _deep(path: list[str], reader: _Reader) -> _Reader:
    """Return a reader of a member of nested objects."""
    if not path:
        return reader
    plan = [(path[0], _deep(path[1:], reader), False)]
    return lambda value: _values(plan, _object(value))[0]


def _list_of(reader: _Reader) -> _Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise FieldError("is not a list")
        elements = []
        for element in value:
            with suppress(FieldError):
                elements.append(reader(element))
        return tuple(elements)

    return read


def _object_of(kind: type) -> _Reader:
    plan = _plan(kind, {})
    adapt = _ADAPTED.get(kind, _object)

    def read(value: Any) -> Any:
        return kind(*_values(plan, adapt(value)))

    return read


_ADAPTED: dict[type, Callable[[Any], _Object]] = {
    ServerError: lambda value: {"message": value} if isinstance(value, str) else _object(value),
    StatusDetails: lambda value: {"error": value} if isinstance(value, str) else _object(value),
}
"""Some servers send a text where others have an object."""
