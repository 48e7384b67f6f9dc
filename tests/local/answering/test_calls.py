"""Tools that a person names, and arguments made of words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.local.answering.calls import Tools, call_of, named_call

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
        ("call set light", "set_light", {"room": "call set light"}),
        ("use the getCapital tool for France", "getCapital", {"country": "France"}),
        ("call ring", "ring", {}),
    ],
)
def test_a_tool_that_is_named_is_called(text: str, name: str, arguments: dict[str, Any]) -> None:
    call = named_call(text, TOOLS)
    assert call is not None
    assert (call.name, call.arguments) == (name, arguments)


@pytest.mark.parametrize("text", ["hello", "ring the bell", "what is set light", "call me", "", "recall ringing"])
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
    call = call_of("t", {"properties": {"a": form}, "required": ["a"]}, given, "said")
    assert call.arguments == {"a": value}


JUNK = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["integer", "array", "object", "enum"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["properties", "required", "type", "enum", "anyOf", "default", "a"]), inner)
    ),
    max_leaves=12,
)


@given(schema=st.dictionaries(st.sampled_from(["properties", "required", "a"]), JUNK), text=st.text(max_size=40))
def test_no_schema_breaks_a_call(schema: dict[str, Any], text: str) -> None:
    assert call_of("t", schema, text, text).name == "t"
    named_call(f"call {text}", {text: schema})
