"""Reads JSON as the declarations of `server_events` say: a field's type is what its value must be.

From each class one reader is made, once. A null, or a field that is missing, becomes the type's empty value, or None
where the type allows it; a number that is whole counts as an integer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from functools import cache, partial
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from engine.realtime.protocol.codec import decode_base64
from engine.realtime.protocol.server_events.base import WIRE, At, Declared, ServerError, ServerEvent

_Object = dict[str, Any]
_Reader = Callable[[Any], Any]
_EventReader = Callable[[_Object], ServerEvent]
_Plan = list[tuple[str, _Reader]]


class FieldError(Exception):
    """A field of the wrong type; the text names the field and quotes nothing."""

    def __init__(self, what: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(f"'{'.'.join(path)}' {what}")
        self.what = what
        self.path = path

    def inside(self, *names: str) -> FieldError:
        """Return the same as seen from outside of the object it is in."""
        return FieldError(self.what, (*names, *self.path))


def event_reader(declared: Declared) -> _EventReader:
    """Return what turns a message of this event into its value, and raises `FieldError`."""
    plan = [*_plan(declared.event, declared.decided), ("event_id", _text)]
    given = {name: value for name, value in declared.decided.items() if not isinstance(value, At)}
    make: Callable[..., ServerEvent] = partial(declared.event, **given) if given else declared.event

    def read(message: _Object) -> ServerEvent:
        *values, event_id = _values(plan, message)
        return make(*values, event_id=event_id)

    return read


def _plan(kind: type, decided: _Object) -> _Plan:
    """Return, for each field that the wire fills, the member of the object that holds it and that member's reader."""
    hints = get_type_hints(kind)
    plan: _Plan = []
    for entry in fields(kind):
        place = decided.get(entry.name, entry.metadata.get(WIRE, At(entry.name)))
        if entry.kw_only or not isinstance(place, At) or not place.path:
            continue
        root, *deeper = place.path.split(".")
        reader = _reader_of(hints[entry.name])
        plan.append((root, _deep(deeper, reader)))
    return plan


def _values(plan: _Plan, content: _Object) -> list[Any]:
    """Read the fields of an object in their order."""
    values = []
    for name, reader in plan:
        try:
            values.append(reader(content.get(name)))
        except FieldError as error:
            raise error.inside(name) from None
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
    if value is None:
        return ""
    raise FieldError("is not a string")


def _number(value: Any) -> float:
    # NaN and infinity pass `parse_json`, and int() raises on them; so does float() on integers of hundreds of digits.
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError("is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FieldError("is not a number")
    return number


def _integer(value: Any) -> int:
    return value if value.__class__ is int else int(_number(value))


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
        return decode_base64(_text(value))
    except ValueError:
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
    plan = [(path[0], _deep(path[1:], reader))]
    return lambda value: _values(plan, _object(value))[0]


def _list_of(reader: _Reader) -> _Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise FieldError("is not a list")
        numbered = {str(number): element for number, element in enumerate(value)}
        return tuple(_values([(number, reader) for number in numbered], numbered))

    return read


def _object_of(kind: type) -> _Reader:
    plan = _plan(kind, {})
    adapt = _ADAPTED.get(kind, _object)

    def read(value: Any) -> Any:
        return kind(*_values(plan, adapt(value)))

    return read


def _error(value: Any) -> _Object:
    """Some servers send their error as a text, and some number their codes."""
    if isinstance(value, str):
        return {"message": value}
    code = _object(value).get("code")
    return {**value, "code": str(code)} if isinstance(code, int | float) else _object(value)


_ADAPTED: dict[type, Callable[[Any], _Object]] = {ServerError: _error}
