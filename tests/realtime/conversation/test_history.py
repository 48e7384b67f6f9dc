"""What is remembered of a conversation: in its order, cut to what was heard, bounded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from engine.audio.playback.segments import Heard, ItemKey
from engine.realtime.conversation.answers import Answer
from engine.realtime.conversation.history import MAX_CHARACTERS, MAX_ENTRIES, History, recap_of
from engine.realtime.protocol.server_events import TextDelta
from engine.realtime.session_events import ToolCalled, ToolReturned, UserTranscript, UserTyped


def texts(history: History) -> list[str]:
    """The words of the items, and what calls and outputs say."""
    return [_text(item) for entry in history.entries for item in entry.items()]


def _text(item: dict[str, Any]) -> str:
    if item["type"] == "message":
        return f"{item['role']}: {item['content'][0]['text']}"
    return f"{item['type']} {item.get('name', '')}{item.get('output', '')}"


def answer(item_id: str, *pieces: str) -> Answer:
    """An answer whose text has come in these pieces."""
    made = Answer(item_id, "r1")
    for piece in pieces:
        made.take_text(TextDelta("r1", item_id, 0, piece))
    return made


def test_words_that_come_after_their_answer_stand_before_it() -> None:
    history = History()
    history.user_spoke("u1")
    history.add(answer("i1", "It is ", "noon."))
    history.note(UserTranscript("How late is it?", "u1"))
    history.note(UserTyped("Thanks"))
    assert texts(history) == ["user: How late is it?", "assistant: It is noon.", "user: Thanks"]
    assert recap_of(history.entries) == "User: How late is it?\nYou: It is noon.\nUser: Thanks"


def test_what_was_not_heard_is_forgotten() -> None:
    history = History()
    for item_id, text, heard_ms in [("i1", "One two three four", 500), ("i2", "Never heard", 0)]:
        said = answer(item_id, text)
        history.add(said)
        said.play(0)
        said.cut([Heard(ItemKey(item_id, 0), heard_ms, 1000, complete=True)])
    assert texts(history) == ["assistant: One two"]


def test_a_call_is_told_with_its_output_or_not_at_all() -> None:
    history = History()
    history.note(ToolCalled("get_time", {"place": "Rome"}, "c1"))
    history.note(ToolCalled("web_search", {}, "c2", server_side=True))
    assert texts(history) == []
    history.note(ToolReturned("get_time", "noon", "c1"))
    assert texts(history) == ["function_call get_time", "function_call_output noon"]
    assert json.loads(history.entries[0].items()[0]["arguments"]) == {"place": "Rome"}
    assert recap_of(history.entries) == 'The tool get_time({"place": "Rome"}) returned: noon'


def test_an_answer_is_awaited_after_known_words_and_results_only() -> None:
    history = History()
    steps: list[tuple[Callable[[], None], bool]] = [
        (lambda: None, False),
        (lambda: history.user_spoke("u1"), False),
        (lambda: history.note(UserTranscript("Hello", "u1")), True),
        (lambda: history.add(Answer("i1", "r1")), False),
        (lambda: history.note(ToolCalled("get_time", {}, "c1")), False),
        (lambda: history.note(ToolReturned("get_time", "noon", "c1")), True),
    ]
    for step, awaits in steps:
        step()
        assert history.awaits_answer is awaits


def test_it_is_bounded_and_keeps_the_newest() -> None:
    history = History()
    for number in range(3 * MAX_ENTRIES):
        history.note(UserTyped(f"turn {number}"))
    assert len(texts(history)) == MAX_ENTRIES
    assert texts(history)[-1] == f"user: turn {3 * MAX_ENTRIES - 1}"
    for number in range(100):
        history.add(answer(f"i{number}", "x" * 1000))
    assert sum(map(len, texts(history))) <= MAX_CHARACTERS + 100 * len("assistant: ")
    history.note(ToolCalled("big", {}, "c1"))
    history.note(ToolReturned("big", "y" * 1_000_000, "c1"))
    assert len(texts(history)[-1]) < 5000
    for number in range(10_000):
        history.user_spoke(f"silent_{number}")
    assert len(history._entries) == MAX_ENTRIES
