"""What of a text counts as heard: whole words, in proportion to the time, and never more than was there."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.realtime.conversation.actions import Action, Send, Show
from engine.realtime.conversation.heard_text import heard_parts, heard_text
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import DeleteItem, TruncateItem
from engine.realtime.session_events import AgentTextCut, AgentTextDelta

KEY = ItemKey("item_1", 0)


def of(heard_ms: int, received_ms: int, *, complete: bool = True, index: int = 0) -> Heard:
    return Heard(ItemKey("item_1", index), heard_ms, received_ms, complete)


@pytest.mark.parametrize(
    ("text", "share", "expected"),
    [
        ("one two three four", 0.0, ""),
        ("one two three four", 0.1, ""),
        ("one two three four", 0.17, "one"),
        ("one two three four", 0.5, "one two"),
        ("one two three four", 0.99, "one two three"),
        ("one two three four", 1.0, "one two three four"),
        ("Well, it is eleven degrees.", 0.2, "Well,"),
        ("Завтра в Москве снег, минус пять.", 0.5, "Завтра в Москве"),
        ("Завтра в Москве снег, минус пять.", 0.7, "Завтра в Москве снег,"),
        # й and é written as two characters each: nothing ends between them.
        ("мой зимний дом", 0.5, "мой"),
        ("un café noir", 0.7, "un café"),
        # Emoji of several characters are one word.
        ("hi 👩‍👩‍👧 there", 0.5, "hi"),
        ("今日は良い天気です。", 0.5, "今日は良い"),
        ("今日は良い天気です。", 0.9, "今日は良い天気で"),
        ("か゚か゚か゚", 0.5, "か゚"),
        ("  padded   words  ", 0.99, "  padded   words"),
        ("", 0.5, ""),
        ("   ", 1.0, ""),
    ],
)
def test_words_heard_whole(text: str, share: float, expected: str) -> None:
    assert heard_text(text, of(round(1000 * share), 1000)) == expected


def test_a_text_that_came_long_before_its_audio_was_not_heard_with_the_first_sound() -> None:
    text = "word " * 100
    heard = heard_text(text, of(500, 600, complete=False))
    assert heard == "word word"
    assert heard_text(text, of(500, 600, complete=True)) == ("word " * 83).rstrip()


@given(st.text(max_size=60), st.integers(0, 2000), st.integers(0, 1000), st.booleans())
def test_it_is_a_beginning_that_ends_with_a_word(text: str, heard_ms: int, received_ms: int, complete: bool) -> None:
    heard = heard_text(text, of(heard_ms, received_ms, complete=complete))
    assert text.startswith(heard)
    assert not heard[-1:].isspace()
    rest = text[len(heard) :]
    if rest and heard:
        assert unicodedata.category(rest[0])[0] != "M" or rest[0].isspace()
    if heard_ms >= received_ms > 0 and complete:
        assert heard == text.rstrip()
    if heard_ms == 0:
        assert heard == ""


@given(st.text(max_size=60), st.integers(0, 1000), st.integers(0, 1000))
def test_more_time_is_never_less_text(text: str, first_ms: int, second_ms: int) -> None:
    shorter, longer = sorted((first_ms, second_ms))
    assert heard_text(text, of(longer, 1000)).startswith(heard_text(text, of(shorter, 1000)))


def test_parts_are_cut_each_by_its_own_audio() -> None:
    texts = {0: "First part.", 1: "Second part here."}
    assert heard_parts(texts, {0: None, 1: of(700, 1000, index=1)}) == "First part. Second part"
    assert heard_parts(texts, {0: of(600, 1000), 1: of(0, 1000, index=1)}) == "First"
    assert heard_parts(texts, {0: of(0, 1000), 1: of(0, 1000, index=1)}) == ""
    # One server puts the text at 0 and the audio at 1.
    assert heard_parts({0: "All of it here."}, {1: of(600, 1000, index=1)}) == "All of it"
    # A part whose audio has not begun to come was not heard.
    assert heard_parts(texts, {0: None}) == "First part."


def spoken(conversation: Conversation, text: str) -> None:
    conversation.handle(e.ResponseCreated("resp_1"))
    conversation.handle(e.TextDelta("resp_1", "item_1", 0, text, spoken=True))
    conversation.handle(e.AudioDelta("resp_1", "item_1", 0, bytes(48000)))


def cuts(actions: list[Action]) -> list[AgentTextCut]:
    return [a.notice for a in actions if isinstance(a, Show) and isinstance(a.notice, AgentTextCut)]


@pytest.mark.parametrize("is_done", [True, False])
def test_an_interruption_tells_the_text_that_was_heard(is_done: bool) -> None:
    conversation = Conversation("test")
    spoken(conversation, "It is eleven degrees in Moscow.")
    if is_done:
        conversation.handle(e.TextDone("resp_1", "item_1", 0, "It is eleven degrees in Moscow.", spoken=True))
        conversation.handle(e.AudioDone("resp_1", "item_1", 0))
        conversation.handle(e.ResponseDone("resp_1", "completed"))
    conversation.handle(e.SpeechStarted())
    # What comes later is neither shown nor counted.
    late = conversation.handle(e.TextDelta("resp_1", "item_1", 0, " And it is raining there.", spoken=True))
    assert not [action for action in late if isinstance(action, Show) and isinstance(action.notice, AgentTextDelta)]
    actions = conversation.playback_cut(Cut((Heard(KEY, 700, 1000, is_done),), 5.0))
    expected = "It is eleven degrees" if is_done else "It is eleven"
    assert cuts(actions) == [AgentTextCut(expected, "item_1", 700)]
    (truncate,) = [a.event for a in actions if isinstance(a, Send)]
    assert isinstance(truncate, TruncateItem)
    assert truncate.audio_end_ms == 700


def test_of_an_item_that_was_deleted_nothing_is_left() -> None:
    conversation = Conversation("test")
    spoken(conversation, "Hello.")
    conversation.handle(e.SpeechStarted())
    actions = conversation.playback_cut(Cut((Heard(KEY, 0, 1000),), 5.0))
    assert cuts(actions) == [AgentTextCut("", "item_1", 0)]
    assert isinstance(next(a.event for a in actions if isinstance(a, Send)), DeleteItem)
