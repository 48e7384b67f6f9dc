"""What a conversation keeps is bounded, however long it lasts, and whatever a server never ends."""

from __future__ import annotations

from collections import deque

import pytest

from engine.audio.playback.segments import ItemKey
from engine.realtime.conversation.actions import PlayAudio, StopPlayback, ToolResult
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol import server_events as e
from tests.realtime.conversation.model import PlayerModel


def size_of(value: object, seen: set[int]) -> int:
    """How many entries all the collections within a value have, and how long its texts are."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return len(value) + sum(size_of(entry, seen) for pair in value.items() for entry in pair)
    if isinstance(value, list | tuple | set | frozenset | deque):
        return len(value) + sum(size_of(entry, seen) for entry in value)
    names = [*getattr(value, "__dict__", {}), *getattr(type(value), "__slots__", ())]
    return sum(size_of(getattr(value, name, None), seen) for name in names)


@pytest.mark.parametrize("breaks", [False, True], ids=["one connection", "one for each turn"])
@pytest.mark.parametrize("ends", [True, False], ids=["every response ends", "none ever does"])
def test_a_conversation_of_days_keeps_no_more_than_one_of_hours(ends: bool, breaks: bool) -> None:
    conversation = Conversation("model")
    player = PlayerModel()
    sizes = []
    for number in range(3000):
        response_id = f"response-{number:08}"
        key = ItemKey(f"item-{number:08}", 0)
        call_id = f"call-{number:08}"
        item = e.Item(id=f"f-{number:08}", type="function_call", name="tool", call_id=call_id, arguments="{}")
        events: list[e.ServerEvent] = [
            e.SpeechStarted(f"user-{number:08}"),
            e.SpeechStopped(f"user-{number:08}"),
            e.TranscriptCompleted(f"user-{number:08}", text="What time is it?"),
            e.ResponseCreated(response_id),
            e.TextDelta(response_id, key.item_id, 0, "It is late."),
            e.AudioDelta(response_id, key.item_id, 0, bytes(480)),
            e.OutputItemDone(response_id, item),
            *([e.ResponseDone(response_id, "completed")] if ends else []),
            e.ErrorEvent(e.ServerError("odd", event_id=f"voice_{number}")),
        ]
        for action in [action for event in events for action in conversation.handle(event)]:
            match action:
                case PlayAudio(_, part, audio):
                    player.play(part, audio)
                case StopPlayback():
                    player.stop()
        if breaks:
            conversation.disconnected()
        conversation.tool_finished(ToolResult(call_id, "tool", "x"))
        if breaks:
            conversation.reconnected({})
        while player.cuts:
            conversation.playback_cut(player.cuts.popleft())
        if number % 500 == 499:
            sizes.append(size_of(conversation, set()))
    # Once everything that is kept is full, nothing grows but the digits of the numbers in names.
    assert max(sizes[2:]) <= 1.05 * sizes[2]
