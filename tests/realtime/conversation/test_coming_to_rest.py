"""Whatever a server sends, and whatever it leaves out, the next typed line is answered."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from engine.realtime.conversation.actions import EndSession, RenewConnection
from engine.realtime.conversation.machine import ANSWER_S, RUNNING_S, SPEAKING_S, Conversation
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CancelResponse, CreateResponse
from engine.realtime.protocol.decode import decode_event
from engine.realtime.session_events import AgentText, ErrorShown, ResponseEnded, ResponseUsage, UserSpeech
from engine.realtime.testing import Peer, VirtualDevices
from tests.realtime.conversation.test_machine import audio, call, new, run, sent, shown
from tests.realtime.protocol.test_server_events import ACTED_ON, EVENTS, WRONG, _paths, _replaced, whole
from tests.realtime.virtual_rig import Held, hold

ODD = (*WRONG, None, "", -1, 10**30, [], {}, [None], [{}])


def is_answered(conversation: Conversation, events: list[e.ServerEvent]) -> bool:
    """Whether the line that is typed after these events is answered, or the events ended the session."""
    actions = run(conversation, *events)
    actions += conversation.user_typed("Hello?")
    for _ in range(3):
        if any(isinstance(action, EndSession | RenewConnection) for action in actions):
            return True
        if any(isinstance(event, CreateResponse) for event in sent(actions)):
            return True
        actions = conversation.give_up() if conversation.patience_s is not None else []
    return False


def with_one_odd_field(event: str) -> Iterator[dict[str, Any]]:
    """The event with one field of it replaced by each odd value."""
    message = whole(event)
    for path in _paths(message):
        for odd in ODD:
            yield _replaced(message, path, odd)


def around(message: dict[str, Any]) -> list[e.ServerEvent]:
    """The event in the middle of a response that is announced, speaks, and ends by the event or never."""
    odd = decode_event(json.dumps(message))
    before = [e.ResponseCreated(f"{message['type']}.response.id"), audio(f"{message['type']}.response.id")]
    return [*before, odd]


@pytest.mark.parametrize("event", ACTED_ON)
def test_any_odd_field_leaves_a_session_that_answers_the_next_typed_line(event: str) -> None:
    for message in with_one_odd_field(event):
        assert is_answered(new(), around(message)), message


@pytest.mark.long
def test_any_number_of_odd_events_leaves_a_session_that_answers_the_next_typed_line() -> None:
    dice = random.Random(5)
    wholes = {event: (whole(event), list(_paths(whole(event)))) for event in EVENTS}
    for _ in range(10_000):
        events = []
        for name in dice.choices(EVENTS, k=10):
            message, paths = wholes[name]
            for path in dice.sample(paths, min(len(paths), dice.randrange(3))):
                message = _replaced(message, path, dice.choice(ODD)) if _reaches(message, path) else message
            events.append(decode_event(json.dumps(message)))
        assert is_answered(new(), events), events


def _reaches(message: Any, path: tuple[Any, ...]) -> bool:
    for name in path[:-1]:
        if not isinstance(message, dict | list) or (isinstance(message, dict) and name not in message):
            return False
        if isinstance(message, list) and not (isinstance(name, int) and name < len(message)):
            return False
        message = message[name]
    last = path[-1]
    return last in message if isinstance(message, dict) else isinstance(message, list) and last in range(len(message))


def test_a_response_ends_with_the_next_one_and_its_usage_may_come_later() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), e.TextDelta("r1", "i1", 0, "One"))
    next_one = shown(conversation.handle(e.ResponseCreated("r2")))
    assert [event.text for event in next_one if isinstance(event, AgentText)] == ["One"]
    late = shown(conversation.handle(e.ResponseDone("r1", "completed", usage=e.Usage(total_tokens=7))))
    assert [event for event in late if isinstance(event, ResponseUsage)] == [
        ResponseUsage("r1", e.Usage(total_tokens=7), 0)
    ]
    assert not shown(conversation.handle(e.ResponseDone("r1", "completed", usage=e.Usage(total_tokens=7))))
    assert conversation.handle(e.ResponseDone("r2"))
    assert conversation.idle


def test_a_response_ends_where_its_cancel_is_refused() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio())
    cancel = next(event for event in sent(conversation.user_typed("Hello?")) if isinstance(event, CancelResponse))
    refused = e.ErrorEvent(
        e.ServerError("no active response", type="response_cancel_not_active", event_id=cancel.event_id)
    )
    actions = conversation.handle(refused)
    assert [type(event) for event in sent(actions)] == [CreateResponse]
    assert not [event for event in shown(actions) if isinstance(event, ErrorShown)]


def hold_silent(*events: tuple[str, dict[str, Any]], line_at_s: float) -> Held:
    """A session whose server sends these and then nothing of its own, and to which a line is typed."""

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "s1"})
        for kind, fields in events:
            await peer.send(kind, **fields)
        await peer.expect("response.create")
        await peer.answer("r9", "i9", bytes(4800))

    async def drive(session: Any, _: VirtualDevices) -> None:
        await asyncio.sleep(line_at_s)
        session.type_text("Hello?")

    # The server is alive: it answers every probe.
    ignoring = ["conversation.item.create", "response.cancel"]
    return hold(script, duration_s=150, ignoring=ignoring, drive=drive)


def test_an_error_that_nothing_follows_ends_a_response() -> None:
    failure = {"error": {"type": "server_error", "code": "inference_failed", "message": "No memory"}}
    held = hold_silent(("response.created", {"response": {"id": "r1"}}), ("error", failure), line_at_s=2)
    assert [event.message for event in held.of(ErrorShown)] == ["No memory"]
    (ended_s, _) = held.times_of(ResponseUsage)
    assert ANSWER_S <= ended_s <= ANSWER_S + 2


def test_time_ends_a_response_and_the_person_is_told() -> None:
    held = hold_silent(("response.created", {"response": {"id": "r1"}}), line_at_s=100)
    (ended_s, _) = held.times_of(ResponseUsage)
    assert RUNNING_S <= ended_s <= RUNNING_S + 2
    assert [event.code for event in held.of(ErrorShown)] == ["no_answer"]


def test_a_request_without_any_reaction_is_given_up_and_the_next_one_is_sent() -> None:
    conversation = new()
    conversation.user_typed("One")
    assert not [event for event in sent(conversation.user_typed("Two")) if isinstance(event, CreateResponse)]
    assert [type(event) for event in sent(conversation.give_up())] == [CreateResponse]


def test_speech_whose_end_is_never_told_is_over_in_time() -> None:
    held = hold_silent(("input_audio_buffer.speech_started", {}), line_at_s=2)
    spoke_s, ended_s = held.times_of(UserSpeech)
    assert SPEAKING_S <= ended_s - spoke_s <= SPEAKING_S + 2
    assert [event.response_id for event in held.of(ResponseEnded)] == ["r9"]


def test_a_line_that_is_refused_as_busy_again_and_again_is_not_dropped_without_a_word() -> None:
    async def busy(peer: Peer) -> None:
        await peer.expect("session.update")
        for _ in range(2):
            request = await peer.expect("response.create")
            error = {"code": "conversation_already_has_active_response", "message": "busy"}
            await peer.send("error", error={**error, "event_id": request["event_id"]})

    async def drive(session: Any, _: VirtualDevices) -> None:
        session.type_text("Hello?")

    held = hold(busy, duration_s=60, ignoring=["conversation.item.create"], drive=drive)
    assert [event.code for event in held.of(ErrorShown)] == ["no_answer"]


def test_tools_keep_nobody_waiting_for_the_server() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    assert conversation.patience_s is None
