"""Reads JSON as the declarations of `engine.realtime.events` say: a field's type is what its value must be.

From each class one reader is made, once. A null, or a field that is missing, becomes the type's empty value, or None
where the type allows it; a number that is whole counts as an integer.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache, partial
from itertools import takewhile
from operator import itemgetter
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from engine.realtime.beta import GA_PARTS
from engine.realtime.events.base import WIRE, At, Declared, ServerError, ServerEvent
from engine.realtime.events.items import ContentPart

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
    plan = _plan(declared.event, declared.decided)
    given = {name: value for name, value in declared.decided.items() if not isinstance(value, At)}
    make: Callable[..., ServerEvent] = partial(declared.event, **given) if given else declared.event

    def read(message: _Object) -> ServerEvent:
        get = message.get
        try:
            return make(*[reader(get(name)) for name, reader in plan], event_id=_text(get("event_id")))
        except FieldError:
            raise _located(message, [("event_id", _text), *plan]) from None

    return _when_plain(make, plan, read)


def _when_plain(make: Callable[..., ServerEvent], plan: _Plan, otherwise: _EventReader) -> _EventReader:
    """Read a message whose fields are the first ones, texts and integers, without a call for each of them.

    All frequent events are so. A piece of text takes 3 us with its JSON, of which this is 1; field by field it is 2.5.
    """
    plain = list(takewhile(lambda entry: entry[1] in _PLAIN, plan))
    if not plain:
        return otherwise
    expected = [*(_PLAIN[reader] for _, reader in plain), str]
    pick = itemgetter(*(name for name, _ in plain), "event_id")
    others = frozenset(name for name, _ in plan[len(plain) :])

    def read(message: _Object) -> ServerEvent:
        try:
            values = pick(message)
        except KeyError:
            return otherwise(message)
        if [type(value) for value in values] != expected or (others and not others.isdisjoint(message)):
            return otherwise(message)
        return make(*values[:-1], event_id=values[-1])

    return read


def _plan(kind: type, decided: _Object) -> _Plan:
    """For each field that the wire fills: which member of the object holds it, and what reads that member."""
    hints = get_type_hints(kind)
    plan: _Plan = []
    for entry in fields(kind):
        place = decided.get(entry.name, entry.metadata.get(WIRE, At(entry.name)))
        if entry.kw_only or not isinstance(place, At) or not place.path:
            continue
        root, *deeper = place.path.split(".")
        reader = _reader_of(hints[entry.name])
        plan.append((root, _deep(tuple(deeper), reader) if deeper else reader))
    return plan


def _located(message: _Object, plan: _Plan) -> FieldError:
    """Find again what could not be read: the quick way does not keep its place."""
    for name, reader in plan:
        try:
            reader(message.get(name))
        except FieldError as error:
            return error.inside(name)
    raise AssertionError("every field can be read")


@cache
def _reader_of(kind: Any) -> _Reader:
    """What reads a value of a type as it stands in a dataclass."""
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
    raise FieldError("is no string")


def _number(value: Any) -> float:
    # NaN and infinity pass json.loads, and int() raises on them; so does float() on integers of hundreds of digits.
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError("is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FieldError("is no number")
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
        raise FieldError("is no object")
    return value


def _audio(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except ValueError:
        raise FieldError("is not base64") from None


_SIMPLE: dict[Any, _Reader] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _flag,
    _Object: _object,
    bytes | memoryview: _audio,
}
_PLAIN: dict[_Reader, type] = {_text: str, _integer: int}
"""Readers that give back a value of this type as it is."""


def _nullable(reader: _Reader) -> _Reader:
    return lambda value: None if value is None else reader(value)


def _deep(path: tuple[str, ...], reader: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        for depth, name in enumerate(path):
            try:
                value = _object(value).get(name)
            except FieldError as error:
                raise error.inside(*path[:depth]) from None
        try:
            return reader(value)
        except FieldError as error:
            raise error.inside(*path) from None

    return read


def _list_of(reader: _Reader) -> _Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise FieldError("is no list")
        try:
            return tuple([reader(element) for element in value])
        except FieldError:
            raise _located({str(i): element for i, element in enumerate(value)}, _numbered(reader, value)) from None

    return read


def _numbered(reader: _Reader, values: list[Any]) -> _Plan:
    return [(str(number), reader) for number in range(len(values))]


def _object_of(kind: type) -> _Reader:
    plan = _plan(kind, {})
    adapt = _ADAPTED.get(kind, _object)

    def read(value: Any) -> Any:
        content = adapt(value)
        try:
            return kind(*[reader(content.get(name)) for name, reader in plan])
        except FieldError:
            raise _located(content, plan) from None

    return read


def _error(value: Any) -> _Object:
    """Some servers send their error as a text, and some number their codes."""
    if isinstance(value, str):
        return {"message": value}
    code = _object(value).get("code")
    return {**value, "code": str(code)} if isinstance(code, int | float) else _object(value)


def _part(value: Any) -> _Object:
    kind = _object(value).get("type")
    return {**value, "type": GA_PARTS[kind]} if isinstance(kind, str) and kind in GA_PARTS else _object(value)


_ADAPTED: dict[type, Callable[[Any], _Object]] = {ServerError: _error, ContentPart: _part}


def oddities(declared: Declared, message: _Object) -> tuple[list[str], list[str]]:
    """Return the paths of what an event of this name does not have, and of what is null, for the log."""
    known = {"type", "event_id", "object", *(name for name, _ in _plan(declared.event, declared.decided))}
    unknown = [name for name in message if name not in known]
    return unknown, [path for path, value in _leaves(message, ()) if value is None]


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    else:
        yield ".".join(path), value
