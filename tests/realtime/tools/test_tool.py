"""Tools: what a function is declared as, and where tools are loaded from."""

from __future__ import annotations

import importlib
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from engine.config import Config
from engine.config_tables import Offer
from engine.errors import InvalidInputError
from engine.realtime.providers.choose import choose_provider
from engine.realtime.tools.loading import load_tools, package_bringing, plugin_names, tools_named
from engine.realtime.tools.offered import offered_tools
from engine.realtime.tools.schema import WrongArgumentsError
from engine.realtime.tools.tool import OnInterrupt, tool, tool_of


def dial(number: str, rings: int = 3, mode: Literal["tone", "pulse"] = "tone") -> dict[str, Any]:
    """Dial a telephone
    number.

    For emergencies too.

    Args:
        number: With its country code,
            without spaces.
        rings: How long.

    Returns:
        What was dialled.

    Example:
        >>> dial("112")
    """
    return {"number": number, "rings": rings, "mode": mode}


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    city: str
    street: str = ""


def test_a_typed_function_is_declared_with_what_its_docstring_says() -> None:
    declared = tool_of(dial).to_json()
    assert declared == {
        "type": "function",
        "name": "dial",
        "description": "Dial a telephone number.\nFor emergencies too.",
        "parameters": {
            "type": "object",
            "properties": {
                "number": {"type": "string", "description": "With its country code, without spaces."},
                "rings": {"type": "integer", "default": 3, "description": "How long."},
                "mode": {"enum": ["tone", "pulse"], "type": "string", "default": "tone"},
            },
            "required": ["number"],
            "additionalProperties": False,
        },
    }


def test_what_an_annotation_says_wins_over_the_docstring() -> None:
    def paint(
        colour: Annotated[Colour, Field(description="From the box.")], layers: Annotated[int, Field(ge=1)]
    ) -> None:
        """Paint.

        Args:
            colour: Any.
            layers: How thick.
        """

    properties = tool_of(paint).parameters["properties"]
    assert properties["colour"]["description"] == "From the box."
    assert properties["layers"] == {"type": "integer", "minimum": 1, "description": "How thick."}
    with pytest.raises(WrongArgumentsError, match="layers"):
        tool_of(paint).check({"colour": "red", "layers": 0})


def test_models_dates_and_names_that_pydantic_has_taken_are_arguments() -> None:
    def visit(json: Place, copy: date, model_config: Colour = Colour.RED, anything=None) -> None:  # type: ignore[no-untyped-def]
        """Visit."""

    made = tool_of(visit)
    given = {"json": {"city": "Omsk"}, "copy": "2026-11-25", "anything": [1]}
    assert made.check(given) == {"json": Place(city="Omsk"), "copy": date(2026, 11, 25), "anything": [1]}
    assert "title" not in str(made.parameters)


def test_the_decorated_function_stays_what_it_was() -> None:
    @tool
    def plain(number: int) -> int:
        """Return it."""
        return number

    @tool(name="doubled", description="Twice.", timeout_s=2, on_interrupt="shield", ends_conversation=True)
    def twice(number: int) -> int:
        """Return it twice."""
        return 2 * number

    assert (plain(3), twice(3)) == (3, 6)
    assert (tool_of(plain).name, tool_of(plain).on_interrupt) == ("plain", OnInterrupt.FINISH)
    made = tool_of(twice)
    assert (made.name, made.description, made.timeout_s) == ("doubled", "Twice.", 2)
    assert (made.on_interrupt, made.ends_conversation) == (OnInterrupt.SHIELD, True)


@pytest.mark.parametrize("wishes", [{"on_interrupt": "explode"}, {"timeout_s": 0}, {"timeout_s": float("nan")}])
def test_impossible_wishes_are_refused(wishes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        tool(**wishes)


def test_methods_of_an_object_are_tools() -> None:
    class Lights:
        def __init__(self) -> None:
            self.on: list[str] = []

        @tool(name="light_on")
        def switch(self, room: str) -> None:
            """Switch on."""
            self.on.append(room)

    lights = Lights()
    made = tool_of(lights.switch)
    assert made.name == "light_on"
    assert list(made.parameters["properties"]) == ["room"]
    made.function(**made.check({"room": "hall"}))
    assert lights.on == ["hall"]


@pytest.mark.parametrize("name", ["", "two words", "погода", "x" * 65])
def test_a_name_that_no_service_takes_is_refused(name: str) -> None:
    def nameless() -> None: ...

    with pytest.raises(InvalidInputError, match="cannot be the name"):
        tool_of(tool(name=name)(nameless))


def test_a_function_that_takes_anything_is_refused() -> None:
    def anything(*values: int) -> None: ...

    with pytest.raises(InvalidInputError):
        tool_of(anything)


def test_tools_are_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def one() -> str:\n    return '1'\nasync def two() -> str:\n    return '2'\nBOTH = [one, two]\n"
    (tmp_path / "my_voice_tools.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert [tool.name for tool in load_tools("my_voice_tools:BOTH")] == ["one", "two"]
    assert [tool.name for tool in load_tools("my_voice_tools:one")] == ["one"]


@pytest.mark.parametrize(
    "reference", ["./tools/mine.py:LIGHTS", "mine.py:LIGHTS", r"C:\tools\mine.py:LIGHTS", "/tools/mine:LIGHTS"]
)
def test_a_file_is_told_as_the_module_to_write(reference: str) -> None:
    with pytest.raises(InvalidInputError, match=r"names a file.*Write mine:LIGHTS, and run it in the folder of mine"):
        load_tools(reference)


@pytest.mark.parametrize(
    "reference", ["json", "json:", ":x", "json:nothing", "no_such_module:x", "json:__name__", "sys:path"]
)
def test_what_is_no_tool_is_refused(reference: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        load_tools(reference)
    assert refused.value.fix


@pytest.mark.parametrize(
    ("text", "says", "fix"),
    [
        ("def f(:\n", "wrong.py, line 1: SyntaxError", "Correct"),
        ("import json\njson.loads('{')\n", "wrong.py, line 2: JSONDecodeError", "Correct"),
        ("\nimport no_such_library\n", "wrong.py, line 2: ModuleNotFoundError", "Install 'no_such_library'"),
        ("raise SystemExit(3)\n", "wrong.py, line 1: SystemExit: 3", "Correct"),
        ("def f(*all): ...\n", "wrong.py, line 1) takes *all", "parameters with names"),
        ("\ndef f(a: 'Nothing'): ...\n", "wrong.py, line 2) cannot be read", "Import"),
        ("class C: ...\ndef f(a: C): ...\n", "wrong.py, line 2) cannot be described", "hints that JSON has"),
        (
            "from engine.realtime.tools.tool import tool\n@tool(timeout_s=-1)\ndef f(): ...\n",
            "wrong.py, line 2: A tool cannot have a timeout of -1 s.",
            "above 0",
        ),
    ],
)
def test_a_module_that_is_wrong_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str, fix: str
) -> None:
    (tmp_path / "wrong.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "wrong", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(InvalidInputError) as refused:
        load_tools("wrong:f")
    assert says in refused.value.message
    assert fix in refused.value.fix
    assert "Error: Error" not in refused.value.message


@pytest.mark.parametrize("kind", ["RuntimeError", "SystemExit", "InvalidInputError"])
def test_a_module_that_fails_shows_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    (tmp_path / "leaky.py").write_text(
        "import os\nfrom engine.errors import InvalidInputError\n"
        f"raise {kind}('No ' + os.environ['LAMP_API_KEY'] + ' at https://me:pw@example.org')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("LAMP_API_KEY", "swordfish-1")
    importlib.invalidate_caches()
    offered = offered_tools(choose_provider("local", None, {}, Config()).provider, Offer(enabled=("leaky:f",)))
    with pytest.raises(InvalidInputError) as refused:
        load_tools("leaky:f")
    for told in (str(refused.value), *offered.lacks):
        assert "No *** at" in told
        assert "swordfish" not in told


def install_plugins(
    folder: Path, points: dict[str, str], modules: dict[str, str], *, group: str = "voice.tools"
) -> None:
    """A distribution as pip leaves it: its modules, and the entry points in its metadata."""
    metadata = folder / "lamps-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lamps\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def test_a_plugin_that_fails_is_named_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = "def lamp_on(room: str) -> str:\n    'Light.'\n    return room\n"
    install_plugins(
        tmp_path,
        {
            "lamps": "lamps_good:lamp_on",
            "broken": "lamps_bad:x",
            "leaving": "lamps_exit:x",
            "odd": "lamps_good:__name__",
        },
        {"lamps_good": good, "lamps_bad": "import a_library_nobody_has\n", "lamps_exit": "raise SystemExit('no')\n"},
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert {"lamps", "broken", "leaving", "odd"} <= set(plugin_names())
    assert ([entry.name for entry in tools_named("lamps")], package_bringing("lamps")) == (["lamp_on"], "lamps")
    for name, reason in (
        ("broken", "a_library_nobody_has"),
        ("leaving", "SystemExit: no"),
        ("odd", "str where a function was expected"),
    ):
        with pytest.raises(InvalidInputError, match=reason) as refused:
            tools_named(name)
        assert refused.value.fix == "Update or remove lamps."
    with pytest.raises(InvalidInputError, match="no tools called"):
        tools_named("nobody")
