"""Plan of the faults of a server: reads their names, lists what there is, and makes them for each connection.

    late:ms=50-300,close:code=1012:after=20events

is two faults with their parameters: a number, a range, a share from 0 to 1, or a moment in seconds (`5s`) or in events
that were sent (`20events`). What the session sends passes the first one first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import Field, dataclass, fields
from typing import Any

from engine.errors import InvalidInputError, choices
from engine.local.faults import audio, connection, events  # noqa: F401 - each class there is a fault
from engine.local.faults.fault import FAULTS, Fault, Moment, Span

_MOMENT = re.compile(r"(\d+(?:\.\d+)?)(s|ms|events?)")
_SPAN = re.compile(r"(\d+)(?:-(\d+))?")
_CLOSE_CODES = range(1000, 5000)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The faults of a server and the seed they draw by.

    Example:
        >>> FaultPlan.read(["late:ms=50-300,split"], seed=7).for_connection(0)
        [Late(ms=Span(least=50, most=300)), Split(bytes=Span(least=1, most=999))]
    """

    chosen: tuple[tuple[str, dict[str, Any]], ...] = ()
    seed: int = 0

    @classmethod
    def read(cls, specs: Sequence[str], seed: int) -> FaultPlan:
        """Read a plan such as `late:ms=50,split`.

        Raises:
            InvalidInputError: an unknown fault or parameter, or a value that is none; the fix lists what there is.
        """
        written = [one.strip() for spec in specs for one in spec.split(",") if one.strip()]
        return cls(tuple(_read_one(one) for one in written), seed)

    def for_connection(self, number: int) -> list[Fault]:
        """Return the faults of the n-th connection; what they draw is the same in every run with this seed."""
        faults = [FAULTS[name](**values) for name, values in self.chosen]
        for position, fault in enumerate(faults):
            fault.dice = random.Random(f"{self.seed}/{number}/{position}")
        return faults


def _read_one(text: str) -> tuple[str, dict[str, Any]]:
    name, *assignments = text.split(":")
    if name not in FAULTS:
        raise InvalidInputError(f"There is no fault '{name}'.", fix=choices(name, FAULTS))
    known = {entry.name: entry for entry in _parameters(FAULTS[name])}
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        if key not in known:
            takes = f"It takes {', '.join(known)}." if known else "It takes none."
            raise InvalidInputError(f"The fault '{name}' has no parameter '{key}'.", fix=takes)
        values[key] = _read_value(value, known[key].default, f"{name}:{key}")
    return name, values


def _parameters(kind: type[Fault]) -> list[Field[Any]]:
    return list(fields(kind))  # type: ignore[arg-type]  # each is a dataclass; the base has nothing to be one for


def _read_value(text: str, default: Any, where: str) -> Any:
    """Read a value of the kind that its default has."""
    try:
        if isinstance(default, Moment):
            return _read_moment(text)
        if isinstance(default, Span):
            return _read_span(text)
        value = type(default)(text)
    except ValueError:
        raise InvalidInputError(
            f"'{text}' is not a value for {where}.", fix=f"Its default is {shown(default)}."
        ) from None
    if where == "close:code" and value not in _CLOSE_CODES:
        raise InvalidInputError(f"There is no close code {value}.", fix="They go from 1000 to 4999.")
    if isinstance(value, float) and not 0 <= value <= 1:
        raise InvalidInputError(f"{where} is a share from 0 to 1, not {text}.", fix=f"Its default is {shown(default)}.")
    return value


def _read_moment(text: str) -> Moment:
    match = _MOMENT.fullmatch(text)
    if match is None or not float(match[1]):
        raise ValueError(text)
    if match[2].startswith("event"):
        return Moment(events=int(match[1]))
    return Moment(seconds=float(match[1]) / (1000 if match[2] == "ms" else 1))


def _read_span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    span = Span(int(match[1]), int(match[2] or match[1])) if match else Span(0, 0)
    if span.most < max(span.least, 1):
        raise ValueError(text)
    return span


def shown(value: Any) -> str:
    """Return a parameter's value as it is written."""
    match value:
        case Span():
            return str(value.least) if value.least == value.most else f"{value.least}-{value.most}"
        case Moment(seconds=None):
            return f"{value.events}events"
        case Moment():
            return f"{value.seconds:g}s"
    return str(value)


def listing() -> list[tuple[str, str]]:
    """Return every fault as it is written with its defaults, and what it does."""
    return [
        (
            ":".join([name, *(f"{entry.name}={shown(entry.default)}" for entry in _parameters(kind))]),
            " ".join((kind.__doc__ or "").split()),
        )
        for name, kind in FAULTS.items()
    ]
