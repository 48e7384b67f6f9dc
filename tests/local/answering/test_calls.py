"""Tools that a person names, and arguments made of words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.local.answering.calls import Call, Tools, call_of, named_call

TOOLS: Tools = {
    "set_light": {"properties": {"room": {"type": "string"}, "percent": {"type": "integer"}}, "required": ["room"]},
    "ring": {},
    "getCapital": {"properties": {"country": {"type": "string"}}, "required": ["country"]},
}


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("call set light, kitchen", "set_light", {"room": "kitchen"}),
        ("Please call the tool set_light: Kitchen, fifty.", "set_light", {"room": "Kitchen", "percent": 50}),
        ("set light, kitchen", "set_light", {"room": "kitchen"}),
        ("I want set_light(kitchen, 7)", "set_light", {"room": "kitchen", "percent": 7}),
        ("вызови set_light, кухня", "set_light", {"room": "кухня"}),
        ("use the getCapital tool for France", "getCapital", {"country": "France"}),
        ("call ring", "ring", {}),
    ],
)
def test_a_tool_that_is_named_is_called(text: str, name: str, arguments: dict[str, Any]) -> None:
    assert named_call(text, TOOLS) == Call(name, arguments)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("call set light", "To call set_light, say behind its name, with commas between: room."),
        ("call set light, kitchen, a bit", "To call set_light, say behind its name, with commas between: percent."),
        ("вызови set_light", "Чтобы вызвать set_light, назовите после имени через запятую: room."),
        ("please call nosuch, kitchen", "There is no tool nosuch. Tools to call: set_light, ring, getCapital."),
        ("call the tool no such", "There is no tool no such. Tools to call: set_light, ring, getCapital."),
        ("вызови свет", "Нет инструмента свет. Можно вызвать: set_light, ring, getCapital."),
    ],
)
def test_arguments_are_asked_for_and_not_invented_and_what_is_no_tool_is_said(text: str, words: str) -> None:
    assert named_call(text, TOOLS) == words


@pytest.mark.parametrize("text", ["hello", "ring the bell", "what is set light", "use me", "", "recall ringing"])
def test_no_tool_is_called_that_is_not_named(text: str) -> None:
    assert named_call(text, TOOLS) is None


@pytest.mark.parametrize(
    ("form", "given", "value"),
    [
        ({"type": "integer"}, "twenty one", 21),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "integer", "minimum": 3}, "", 3),
        ({"type": "boolean"}, "on", True),
        ({"type": "boolean"}, "no", False),
        ({"enum": ["Red", "Blue"]}, "blue", "Blue"),
        ({"enum": ["Red", "Blue"]}, "", "Red"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "4", 4),
        ({"type": ["number", "null"]}, "4", 4.0),
        ({"type": "array"}, "a", ["a"]),
        ({"type": "string", "default": "x"}, "", "x"),
        ({}, "", "said"),
    ],
)
def test_an_argument_fits_its_schema(form: dict[str, Any], given: str, value: Any) -> None:
    schema = {"properties": {"a": form}, "required": ["a"]}
    assert call_of("t", schema, given, "said").arguments == {"a": value}
    is_known = given or "default" in form
    assert call_of("t", schema, given).arguments == {"a": value if is_known else None}


def test_a_default_does_not_stand_for_words_that_do_not_fit() -> None:
    schema = {"properties": {"a": {"type": "integer", "default": 5}}, "required": ["a"]}
    assert call_of("t", schema, "").arguments == {"a": 5}
    assert call_of("t", schema, "loud").arguments == {"a": None}


JUNK = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["integer", "array", "object", "enum"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["properties", "required", "type", "enum", "anyOf", "default", "a"]), inner)
    ),
    max_leaves=12,
)


@example(schema={"properties": {"a": {"type": "enum"}}}, text="0")
@given(schema=st.dictionaries(st.sampled_from(["properties", "required", "a"]), JUNK), text=st.text(max_size=40))
def test_no_schema_breaks_a_call(schema: dict[str, Any], text: str) -> None:
    assert call_of("t", schema, text, text).name == "t"
    named_call(f"call {text}", {text: schema})
