"""Base of all server events, and how they say where on the wire their fields are.

`received` makes a class a frozen dataclass and names it on the wire; its fields have the names and the types of
the wire unless `wire` says another place. `engine.realtime.protocol.decode` reads these declarations, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")
_Event = TypeVar("_Event", bound="ServerEvent")

WIRE = "wire"
"""Key of a field's metadata: its `At`."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """Base of all; whatever a server leaves out or sends as null has its default."""

    event_id: str = field(default="", kw_only=True, repr=False, compare=False)
    """The server's own name for it; two events that say the same are equal."""


@dataclass(frozen=True, slots=True)
class At:
    """Place of a field on the wire, with dots: `response.status_details.reason`; no path means nowhere."""

    path: str
    needed: bool = False
    """Whether the event is nothing without it: it is malformed where this is of another type."""


@dataclass(frozen=True, slots=True)
class Declared:
    """An event's class, and what of its fields the name on the wire decides: a value, or another place."""

    event: type[ServerEvent]
    decided: dict[str, Any]


DECLARED: dict[str, Declared] = {}
"""Every event by its GA name."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def received(name: str, **decided: Any) -> Callable[[type[_Event]], type[_Event]]:
    """Declare an event by its name on the wire; names that share a class differ in what they decide."""

    def declare(event: type[_Event]) -> type[_Event]:
        made = event if "__dataclass_fields__" in vars(event) else dataclass(frozen=True, slots=True)(event)
        DECLARED[name] = Declared(made, decided)
        return made

    return declare


def wire(path: str, default: _T, *, shown: bool = True, needed: bool = False) -> _T:
    """Return a field that is called otherwise on the wire, lies deeper, or is needed, see `At`.

    Args:
        path: Names on the wire, with dots.
        default: Value where the field is missing.
        shown: False leaves it out of the event's `repr`.
        needed: True where the event is nothing without it.
    """
    made: _T = field(default=default, repr=shown, metadata={WIRE: At(path, needed)})
    return made


@dataclass(frozen=True, slots=True)
class ServerError:
    """The error object of error events, failed responses, failed transcriptions and failed MCP calls."""

    message: str = ""
    type: str = ""
    code: str = ""
    """Some servers number their codes; the number's digits then."""
    param: str = ""
    event_id: str = ""
    """The client event that caused it, if one did."""


@dataclass(frozen=True, slots=True)
class StatusDetails:
    """Explanation of a response that was not completed; some servers send a text, which is then the error's."""

    reason: str = ""
    """`max_output_tokens`, `content_filter`, `turn_detected`, ..."""
    error: ServerError | None = None


@received("error")
class ErrorEvent(ServerEvent):
    """error: most are recoverable, see `engine.realtime.protocol.errors`."""

    error: ServerError = field(default_factory=ServerError)


@dataclass(frozen=True, slots=True)
class UnknownEvent(ServerEvent):
    """An event that nobody here acts on, of the protocol or not."""

    type: str = ""


@dataclass(frozen=True, slots=True)
class Pong(ServerEvent):
    """Pong of the WebSocket itself: what lies between may answer in the server's place."""


@dataclass(frozen=True, slots=True)
class MalformedEvent(ServerEvent):
    """A message that is no Realtime event, or breaks its own type; `reason` quotes none of it."""

    reason: str = ""
