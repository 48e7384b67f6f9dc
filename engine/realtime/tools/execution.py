"""Execution of a tool's function, whose result becomes text: shared by a session's own process and the tool host."""

from __future__ import annotations

import inspect
from typing import Any

from engine.realtime.tools.results import Output, output_of
from engine.realtime.tools.tool import ToolError


def is_async(function: Any) -> bool:
    """Whether calling a function, or an object, gives something to await."""
    call = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def call_plain(function: Any, values: dict[str, Any]) -> Output:
    """Call a plain function."""
    return output_of(function(**values))


async def call_async(function: Any, values: dict[str, Any]) -> Output:
    """Await an `async` function."""
    try:
        return output_of(await function(**values))
    except (SystemExit, KeyboardInterrupt) as error:  # they would end the loop
        raise ToolError("The tool tried to end the program.") from error
