"""Events of a client have the shapes of the protocol's list, and nothing else is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.config import Config
from engine.realtime.protocol.client_events import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    ClientEvent,
    CommitAudio,
    CreateItem,
    CreateResponse,
    DeleteItem,
    RetrieveItem,
    TruncateItem,
    UpdateSession,
)
from engine.realtime.protocol.client_items import (
    agent_text_item,
    approval_item,
    function_call_item,
    function_output_item,
    user_text_item,
)
from engine.realtime.providers.choose import choose_provider
from engine.realtime.providers.session_update import SessionSettings
from tests.support.protocol import PROTOCOL, faults, faults_of_object, name_of, shape_of

ITEM = user_text_item("Hello")
WHOLE: tuple[ClientEvent, ...] = (
    UpdateSession("c1", {"type": "realtime", "instructions": "Be brief."}),
    AppendAudio("c1", b"\0\0"),
    CommitAudio("c1"),
    ClearAudio("c1"),
    CreateItem("c1", ITEM, "root"),
    RetrieveItem("c1", "i1"),
    TruncateItem("c1", "i1", 0, 100),
    DeleteItem("c1", "i1"),
    CreateResponse("c1"),
    CancelResponse("c1", "r1"),
)
"""Every event with every field it can have."""
UNSAID = {("response.create", "response")}
"""The session's own settings hold for every response."""
BARE: tuple[ClientEvent, ...] = (CreateItem("c1", ITEM), CreateResponse("c1"), CancelResponse("c1"))
ITEMS: tuple[dict[str, Any], ...] = (
    ITEM,
    agent_text_item("Hello."),
    function_call_item("call_1", "get_time", "{}"),
    function_output_item("call_1", "noon"),
    approval_item("i1", "request_1", approve=False, reason="not today"),
)


def said(event: ClientEvent) -> dict[str, Any]:
    """The event as the server reads it."""
    message: dict[str, Any] = json.loads(event.to_frame())
    return message


def test_every_event_of_the_list_can_be_said() -> None:
    # Only on WebRTC and SIP does a server play by itself.
    assert sorted(event.type for event in WHOLE) == sorted(set(PROTOCOL["client"]) - {"output_audio_buffer.clear"})


@pytest.mark.parametrize("event", WHOLE, ids=lambda event: event.type)
def test_an_event_can_carry_all_its_fields(event: ClientEvent) -> None:
    module, shape = shape_of(event.type, "client")
    message = said(event)
    assert message.keys() == {name for name in map(name_of, shape) if (event.type, name) not in UNSAID}
    assert not faults_of_object(message, shape, module)


@pytest.mark.parametrize("event", BARE, ids=lambda event: event.type)
def test_what_is_not_set_is_not_sent(event: ClientEvent) -> None:
    module, shape = shape_of(event.type, "client")
    message = said(event)
    assert not faults_of_object(message, shape, module)
    assert None not in message.values()
    assert "response_id" not in message
    assert "previous_item_id" not in message
    assert "response" not in message


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: f"{item['type']} {item.get('role', '')}")
def test_items_have_the_shapes_of_the_list(item: dict[str, Any]) -> None:
    module, shape = shape_of("conversation.item.create", "client")
    assert not faults(item, shape["item"], module)


def test_a_fault_would_be_found() -> None:
    module, shape = shape_of("conversation.item.create", "client")
    assert faults({**ITEM, "role": "robot"}, shape["item"], module)
    assert faults({**ITEM, "colour": "red"}, shape["item"], module)
    assert faults({"type": "function_call_output", "output": "noon"}, shape["item"], module)


def test_the_settings_of_a_session_are_settings_of_the_list() -> None:
    chosen = choose_provider("openai", None, {"OPENAI_API_KEY": "test"}, Config())
    module, shape = shape_of("session.update", "client")
    event = UpdateSession("c1", SessionSettings().to_json(chosen))
    assert not faults_of_object(said(event), shape, module)
