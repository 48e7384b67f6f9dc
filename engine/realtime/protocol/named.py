"""Events with a name: frozen dataclasses whose `type` stands on the wire, or in a file of events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeVar, dataclass_transform


class _Named(Protocol):
    type: ClassVar[str]


_Event = TypeVar("_Event", bound=_Named)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def named(name: str) -> Callable[[type[_Event]], type[_Event]]:
    """Declare an event: a frozen dataclass whose `type` is this name."""

    def declare(event: type[_Event]) -> type[_Event]:
        event.type = name
        return dataclass(frozen=True, slots=True)(event)

    return declare
