"""Tools, and how a typed Python function becomes one: the decorator `@tool` and `tool_of`.

from engine.realtime.tools.tool import ToolError, tool

@tool(timeout_s=10)
def set_light(room: str, brightness: int = 100) -> dict[str, str]:
    '''Switch the light of a room.

    Args:
        room: Name of the room, such as "kitchen".
        brightness: Percent; 0 is off.
    '''
    if room not in ROOMS:
        raise ToolError(f"There is no room '{room}'. There are: {', '.join(ROOMS)}.")
    ...
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict, TypeVar, Unpack, overload

from engine.errors import InvalidInputError
from engine.realtime.tools.schema import ArgumentModel

TIMEOUT_S = 30.0
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Names that the services take for a function."""
_MARK = "__voice_tool__"
_Function = TypeVar("_Function", bound=Callable[..., Any])


class ToolError(Exception):
    """Raised by a tool to tell the model, in these very words, why there is no result."""


class OnInterrupt(StrEnum):
    """Fate of a call that runs when the user speaks."""

    CANCEL = "cancel"
    """It is stopped and answered with words that say so: for what is only of use at once. An `async` function is
    cancelled; one in a thread runs on unheard."""
    FINISH = "finish"
    """It runs on, and the model is given its output. No response is asked for until the user's new turn is over, and
    then only if its answer began before the output was there. The default."""
    SHIELD = "shield"
    """As FINISH, and the end of the session waits for it too, for as long as its timeout allows: for what must not be
    left half done, such as a payment. A second Ctrl+C waits no longer."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: what the model is told of it, and what runs when it is called."""

    name: str
    """Letters, digits, `_` and `-`; 64 at most."""
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments."""
    function: Callable[..., Any] = field(repr=False)
    """Plain (it runs in a thread) or `async`; returns any value that JSON can hold."""
    check: Callable[[dict[str, Any]], dict[str, Any]] = field(repr=False, default=lambda arguments: arguments)
    """Turns the model's arguments into the function's, or raises `WrongArgumentsError`."""
    timeout_s: float = TIMEOUT_S
    on_interrupt: OnInterrupt = OnInterrupt.FINISH
    ends_conversation: bool = False
    """Whether the session ends when the call is answered and the agent's last words have been heard."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInputError(
                f"'{self.name}' cannot be the name of a tool.", fix="Use up to 64 letters, digits, _ and -."
            )

    def to_json(self) -> dict[str, Any]:
        """Return the declaration of the tool in a session.update."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }


class _Wishes(TypedDict, total=False):
    """Arguments of `@tool(...)`; the rest is left to the function."""

    name: str | None
    description: str | None
    timeout_s: float | None
    on_interrupt: OnInterrupt | str | None
    ends_conversation: bool | None


@overload
def tool(function: _Function, /) -> _Function: ...


@overload
def tool(**wishes: Unpack[_Wishes]) -> Callable[[_Function], _Function]: ...


def tool(
    function: _Function | None = None, /, **wishes: Unpack[_Wishes]
) -> _Function | Callable[[_Function], _Function]:
    """Say how a function is to be a tool; it stays the function it was.

    Args:
        function: Given by `@tool` without parentheses.
        wishes: `name` for the model, else the function's; `description` of what it is for, else the docstring's text
            before its sections; `timeout_s`, after which the model is told that there is no answer, else 30;
            `on_interrupt`: "cancel", "finish" or "shield" when the user speaks while it runs, see `OnInterrupt`;
            `ends_conversation`: End the session after the agent's last words.

    Raises:
        InvalidInputError: `on_interrupt` is none of the three, or `timeout_s` is not positive.

    Example:
        >>> @tool(name="double", on_interrupt="cancel")
        ... def twice(number: float) -> float:
        ...     "Double a number."
        ...     return 2 * number
        >>> twice(4), tool_of(twice).name
        (8, 'double')
    """
    on_interrupt, timeout_s = wishes.get("on_interrupt"), wishes.get("timeout_s")
    if on_interrupt is not None and on_interrupt not in set(OnInterrupt):
        raise InvalidInputError(
            f"'{on_interrupt}' is not a way to react when the user speaks.", fix=f"Use {', '.join(OnInterrupt)}."
        )
    if timeout_s is not None and not timeout_s > 0:
        raise InvalidInputError(
            f"A tool cannot have a timeout of {timeout_s} s.", fix="Give a number of seconds above 0."
        )
    said = {name: value for name, value in wishes.items() if value is not None}
    if on_interrupt is not None:
        said["on_interrupt"] = OnInterrupt(on_interrupt)

    def mark(marked: _Function) -> _Function:
        setattr(marked, _MARK, said)
        return marked

    return mark if function is None else mark(function)


def tool_of(function: Callable[..., Any]) -> Tool:
    """Make a tool of a function: its name, docstring and type hints, and what `@tool` says of it.

    Raises:
        InvalidInputError: the function has a parameter that no JSON object can carry, or a name no service takes.

    Example:
        >>> def dial(number: str, hang_up_after_s: int = 60) -> str:
        ...     "Dial a telephone number."
        >>> tool_of(dial).parameters["required"]
        ['number']
    """
    model = ArgumentModel(function)
    read: dict[str, Any] = {"name": getattr(function, "__name__", ""), "description": model.description}
    said = getattr(function, _MARK, {})
    return Tool(parameters=model.schema, function=function, check=model.check, **(read | said))
