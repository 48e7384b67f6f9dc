"""Tools: what a function is declared as, and that whatever happens in a call comes back as words."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Literal

import pytest

from engine.errors import InvalidInputError
from engine.realtime.actions import ToolCall
from engine.realtime.builtin_tools import GET_WEATHER, get_weather
from engine.realtime.tools import MAX_OUTPUT_CHARS, ToolRunner, load_tools, tool_of


def dial(number: str, rings: int = 3, mode: Literal["tone", "pulse"] = "tone") -> dict[str, Any]:
    """Dial a telephone
    number.

    More about it.
    """
    return {"number": number, "rings": rings, "mode": mode}


async def result_of(function: Any, arguments: str, timeout_s: float = 5.0) -> tuple[Any, bool]:
    """Run one call and return the decoded output and whether it failed."""
    runner = ToolRunner([tool_of(function, timeout_s=timeout_s)])
    try:
        result = await runner.run(ToolCall("c1", function.__name__, arguments))
    finally:
        runner.close()
    return json.loads(result.output), result.failed


def test_a_typed_function_is_declared() -> None:
    declared = tool_of(dial).to_json()
    assert declared == {
        "type": "function",
        "name": "dial",
        "description": "Dial a telephone number.",
        "parameters": {
            "type": "object",
            "properties": {
                "number": {"type": "string"},
                "rings": {"type": "integer", "default": 3},
                "mode": {"enum": ["tone", "pulse"], "type": "string", "default": "tone"},
            },
            "required": ["number"],
            "additionalProperties": False,
        },
    }


async def test_arguments_are_checked_and_converted() -> None:
    assert await result_of(dial, '{"number": "112", "rings": "5"}') == (
        {"number": "112", "rings": 5, "mode": "tone"},
        False,
    )


@pytest.mark.parametrize(
    "arguments", ["{", "[]", "7", "{}", '{"number": "1", "rings": "many"}', '{"number": "1", "x": 1}', "[" * 100_000]
)
async def test_wrong_arguments_are_answered_with_what_is_wrong(arguments: str) -> None:
    output, failed = await result_of(dial, arguments)
    assert failed
    assert output["error"]


async def test_an_exception_and_a_timeout_are_answers() -> None:
    def broken() -> None:
        raise KeyError("no such person")

    async def endless() -> None:
        await asyncio.Event().wait()

    release = threading.Event()

    def stuck() -> None:
        release.wait(20)

    output, failed = await result_of(broken, "{}")
    assert failed
    assert "KeyError" in output["error"]
    for function in (endless, stuck):
        output, failed = await result_of(function, "{}", timeout_s=0.01)
        assert failed
        assert "no answer" in output["error"]
    release.set()


async def test_what_is_not_json_is_an_error_and_what_is_long_is_cut() -> None:
    def odd() -> object:
        return object()

    def long() -> str:
        return "x" * (MAX_OUTPUT_CHARS + 5)

    _, failed = await result_of(odd, "{}")
    assert failed
    runner = ToolRunner([tool_of(long)])
    result = await runner.run(ToolCall("c", "long", "{}"))
    runner.close()
    assert result.output.endswith("[cut: 5 more characters]")


def test_the_weather_is_the_same_in_every_process() -> None:
    code = (
        "import json; from engine.realtime.builtin_tools import get_weather; print(json.dumps(get_weather('Казань')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == get_weather("Казань")
    assert get_weather("Казань") != get_weather("Омск")


@pytest.mark.parametrize("arguments", ["{}", '{"city": ""}', '{"city": "  ", "country": "RU"}'])
async def test_no_city_is_moscow_as_in_the_tutorial(arguments: str) -> None:
    result = await ToolRunner([GET_WEATHER]).run(ToolCall("c", "get_weather", arguments))
    assert json.loads(result.output)["city"] == "Москва"


def test_tools_are_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def one() -> str:\n    return '1'\nasync def two() -> str:\n    return '2'\nBOTH = [one, two]\n"
    (tmp_path / "my_voice_tools.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert [tool.name for tool in load_tools("my_voice_tools:BOTH")] == ["one", "two"]
    assert [tool.name for tool in load_tools("my_voice_tools:one")] == ["one"]


@pytest.mark.parametrize(
    "reference", ["json", "json:", ":x", "json:nothing", "no_such_module:x", "json:__name__", "sys:path"]
)
def test_what_is_no_tool_is_refused(reference: str) -> None:
    with pytest.raises(InvalidInputError):
        load_tools(reference)


def test_a_function_that_takes_anything_is_refused() -> None:
    def anything(*values: int) -> None: ...

    with pytest.raises(InvalidInputError):
        tool_of(anything)
