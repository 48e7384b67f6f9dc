"""A conversation that goes on with an earlier one tells the server of it first, and again after each reconnect."""

from __future__ import annotations

from typing import Any

import pytest

from engine.realtime.conversation.actions import Action, Send, Show
from engine.realtime.conversation.answers import Answer
from engine.realtime.conversation.history import Entry, Said, Used
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CreateItem

EARLIER: list[Entry] = [
    Said("", "How much is 7 times 8?"),
    Used("c_1", "multiply", '{"a": 7, "b": 8}', "56"),
    Used("c_2", "never_returned", "{}"),
    Answer("", "", heard_text="It is 56."),
]
TOLD = ["How much is 7 times 8?", "multiply", "56", "It is 56."]


def told(actions: list[Action]) -> list[Any]:
    """Types of what is sent, and what the items say."""
    events = [action.event for action in actions if isinstance(action, Send)]
    said = []
    for event in events:
        item = event.item if isinstance(event, CreateItem) else None
        said.append(item_text(item) if item else event.type)
    return said


def item_text(item: dict[str, Any]) -> str:
    """The words of an item, the name of its tool, or its output."""
    return str(item["content"][0]["text"] if "content" in item else item.get("name") or item["output"])


def test_the_server_is_told_after_its_settings_and_again_after_a_reconnect() -> None:
    conversation = Conversation("test")
    assert told(conversation.open({}, EARLIER)) == ["session.update", *TOLD]
    conversation.user_typed("And times 2?")
    conversation.disconnected()
    assert told(conversation.reconnected({}))[:6] == ["session.update", *TOLD, "And times 2?"]


def test_what_was_typed_before_is_told_behind_it_and_once() -> None:
    conversation = Conversation("test")
    typed = told(conversation.user_typed("And times 2?"))
    assert "And times 2?" in typed
    assert told(conversation.open({}, EARLIER)) == ["session.update", *TOLD]
    conversation.disconnected()
    assert told(conversation.reconnected({}))[1:6] == [*TOLD, "And times 2?"]


def test_where_the_agents_words_are_refused_as_items_it_is_one_recap() -> None:
    update, recap = told(Conversation("test", recap_heading="Until now:").open({}, EARLIER))
    assert update == "session.update"
    assert recap == (
        'Until now:\nUser: How much is 7 times 8?\nThe tool multiply({"a": 7, "b": 8}) returned: 56\nYou: It is 56.'
    )


@pytest.mark.parametrize(("number", "is_shown"), [(0, True), (1, False)])
def test_refused_settings_are_shown_and_a_refused_item_is_not(number: int, is_shown: bool) -> None:
    conversation = Conversation("test")
    sent = [action.event for action in conversation.open({}, EARLIER) if isinstance(action, Send)]
    actions = conversation.handle(e.ErrorEvent(e.ServerError("odd", event_id=sent[number].event_id)))
    assert any(isinstance(action, Show) for action in actions) is is_shown


def test_it_is_as_bounded_as_any_history() -> None:
    earlier = [Said("", f"{number} {'word ' * 20}") for number in range(1000)]
    told_now = told(Conversation("test").open({}, earlier))
    assert 100 < len(told_now) < 250
    assert told_now[-1].startswith("999 ")
