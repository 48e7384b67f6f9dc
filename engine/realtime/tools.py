"""Tools of ours that the model may call: a typed Python function becomes a declaration and a checked call."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from engine.errors import InvalidInputError
from engine.realtime.actions import ToolCall, ToolResult

TIMEOUT_S = 30.0
MAX_OUTPUT_CHARS = 32_000
"""A longer result would push the conversation out of the model's context."""
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: what the model is told of it, and what runs when it is called."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments."""
    function: Callable[..., Any] = field(repr=False)
    """Plain (it runs in a thread) or `async`; returns any value that JSON has."""
    arguments: type[BaseModel] = field(repr=False)
    timeout_s: float = TIMEOUT_S

    def to_json(self) -> dict[str, Any]:
        """Return the declaration of the tool in a session.update."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }


def tool_of(function: Callable[..., Any], *, timeout_s: float = TIMEOUT_S) -> Tool:
    """Make a tool of a function: its name, its docstring's first paragraph, its type hints.

    Raises:
        InvalidInputError: the function has a parameter that no JSON object can carry.

    Example:
        >>> def dial(number: str, hang_up_after_s: int = 60) -> str:
        ...     "Dial a telephone number."
        >>> tool_of(dial).parameters["required"]
        ['number']
    """
    name = function.__name__
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise InvalidInputError(f"The tool {name}() takes {parameter}: the model can only give named arguments.")
        hint = Any if parameter.annotation is parameter.empty else parameter.annotation
        fields[parameter.name] = (hint, ... if parameter.default is parameter.empty else parameter.default)
    try:
        model = create_model(name, __config__=ConfigDict(extra="forbid", title=None), **fields)
        schema = _without_titles(model.model_json_schema())
    except Exception as error:  # pydantic raises many kinds, all of them about this signature
        raise InvalidInputError(f"The tool {name}() cannot be described to a model: {error}.") from error
    description = (inspect.getdoc(function) or name).split("\n\n")[0].replace("\n", " ")
    return Tool(name, description, schema, function, model, timeout_s)


def load_tools(reference: str) -> list[Tool]:
    """Load what `--tools MODULE:OBJECT` names: a `Tool`, a function, or a sequence of both.

    The current folder is searched first, as `python -m` does.

    Raises:
        InvalidInputError: there is no such module or object, it fails to load, or it is no tool.
    """
    module_name, _, attribute = reference.partition(":")
    if not module_name or not attribute:
        raise InvalidInputError(f"'{reference}' names no tools.", fix="Write MODULE:OBJECT, such as mytools:TOOLS.")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found = importlib.import_module(module_name)
        for name in attribute.split("."):
            found = getattr(found, name)
    except Exception as error:  # a person's module may fail in any way
        raise InvalidInputError(
            f"The tools '{reference}' cannot be loaded: {type(error).__name__}: {error}."
        ) from error
    entries = list(found) if isinstance(found, Sequence) else [found]
    tools = [entry if isinstance(entry, Tool) else _tool_of_entry(entry, reference) for entry in entries]
    names = [tool.name for tool in tools]
    if len(names) != len(set(names)):
        raise InvalidInputError(f"Two tools of '{reference}' have the same name.")
    return tools


def _tool_of_entry(entry: Any, reference: str) -> Tool:
    if not inspect.isroutine(entry):
        raise InvalidInputError(f"'{reference}' has {type(entry).__name__} where a function was expected.")
    return tool_of(entry)


class ToolRunner:
    """Runs calls, several at once, and turns whatever happens into words the model can use."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tuple(tools)
        self._by_name = {tool.name: tool for tool in tools}
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, call: ToolCall) -> ToolResult:
        """Run one call; never raises but when it is cancelled."""
        tool = self._by_name.get(call.name)
        if tool is None:
            return _failed(call, f"There is no tool '{call.name}'.")
        try:
            arguments = tool.arguments.model_validate(json.loads(call.arguments or "{}"))
        except ValidationError as error:
            return _failed(call, f"Wrong arguments: {_reasons(error)}.")
        except (ValueError, RecursionError):
            return _failed(call, "The arguments are not valid JSON.")
        values = {name: getattr(arguments, name) for name in type(arguments).model_fields}
        try:
            async with asyncio.timeout(tool.timeout_s):
                result = await self._call(tool, values)
        except TimeoutError:
            return _failed(call, f"The tool gave no answer within {tool.timeout_s:g} s.")
        except Exception as error:  # any failure of a tool is an answer to the model
            return _failed(call, f"The tool failed: {type(error).__name__}: {error}")
        return ToolResult(call.call_id, call.name, _shortened(result))

    async def _call(self, tool: Tool, values: dict[str, Any]) -> str:
        if inspect.iscoroutinefunction(tool.function):
            return _as_text(await tool.function(**values))
        # Threads of its own: a tool that hangs must not use up the pool that name lookups run in.
        self._threads = self._threads or ThreadPoolExecutor(_THREADS, thread_name_prefix="voice-tool")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: _as_text(tool.function(**values)))

    def close(self) -> None:
        """Start no more calls; a function that is running in a thread cannot be recalled."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def _failed(call: ToolCall, message: str) -> ToolResult:
    return ToolResult(call.call_id, call.name, json.dumps({"error": message}, ensure_ascii=False), failed=True)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shortened(text: str) -> str:
    if len(text) <= MAX_OUTPUT_CHARS:
        return text
    return f"{text[:MAX_OUTPUT_CHARS]} [cut: {len(text) - MAX_OUTPUT_CHARS} more characters]"


def _reasons(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, entry['loc'])) or 'arguments'}: {entry['msg']}" for entry in error.errors())


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop pydantic's titles, which repeat the names: they cost tokens in every turn."""
    cleaned: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "properties":
            cleaned[key] = {name: _without_titles(entry) for name, entry in value.items()}
        elif isinstance(value, dict):
            cleaned[key] = _without_titles(value)
        else:
            cleaned[key] = value
    return cleaned
