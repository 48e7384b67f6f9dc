"""MCP servers that the service calls itself: questions, what is told of calls, and when the model is to go on."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.config_tables import RemoteMcp
from engine.realtime.conversation.actions import Action
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import ClientEvent, CreateItem, CreateResponse
from engine.realtime.providers.catalog import OPENAI
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session_events import ApprovalAsked, ApprovalGiven, FirstAudio, RemoteCall, RemoteTools
from engine.realtime.testing import Emit, Expect, Wait
from tests.realtime.connection.outage_scripts import opened
from tests.realtime.conversation.test_machine import audio, new, run, sent, shown
from tests.realtime.rig import chosen_at, rig
from tests.realtime.test_session import noise
from tests.realtime.virtual_rig import hold
from tests.support.scripted_server import Peer

REQUEST = e.Item(id="a1", type="mcp_approval_request", server_label="calendar", name="delete", arguments='{"id": 3}')
CALL = e.Item(id="m1", type="mcp_call", server_label="calendar", name="list", arguments="{}")
RETURNED = e.Item(id="m1", type="mcp_call", server_label="calendar", name="list", arguments="{}", output="nothing")


def kinds(actions: list[Action]) -> list[type[ClientEvent]]:
    """The types of what goes out."""
    return [type(event) for event in sent(actions)]


def test_a_question_that_comes_twice_is_asked_and_answered_once() -> None:
    conversation = new()
    events = (e.ResponseCreated("r1"), e.OutputItemDone("r1", REQUEST), e.ItemDone(REQUEST))
    actions = run(conversation, *events, e.ResponseDone("r1", "completed"))
    asked = [session_event for session_event in shown(actions) if isinstance(session_event, ApprovalAsked)]
    assert asked == [ApprovalAsked("a1", "calendar", "delete", {"id": 3})]
    assert not conversation.idle
    given = conversation.approval_given("a1", approve=True)
    assert kinds(given) == [CreateItem]
    (event,) = sent(given)
    assert isinstance(event, CreateItem)
    assert event.item["type"] == "mcp_approval_response"
    assert (event.item["approval_request_id"], event.item["approve"]) == ("a1", True)
    assert shown(given) == [ApprovalGiven("a1", "calendar", "delete", True)]
    assert not conversation.approval_given("a1", approve=False)
    assert not conversation.approval_given("unknown", approve=True)
    assert conversation.idle


def test_after_a_refusal_the_model_is_asked_to_go_on() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), e.ItemDone(REQUEST), e.ResponseDone("r1", "completed"))
    given = conversation.approval_given("a1", approve=False, reason="no")
    assert kinds(given) == [CreateItem, CreateResponse]
    assert sent(given)[0].fields()["item"]["reason"] == "no"


def test_after_a_call_and_its_response_the_model_is_asked_to_go_on_once() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), e.OutputItemAdded("r1", CALL), e.McpCall("m1", status="in_progress"))
    over = run(conversation, e.McpCall("m1", status="completed"), e.OutputItemDone("r1", RETURNED))
    assert not sent(over)
    assert [(call.state, call.outcome) for call in shown(over) if isinstance(call, RemoteCall)] == [
        ("completed", ""),
        ("returned", "nothing"),
    ]
    assert kinds(run(conversation, e.ResponseDone("r1", "completed"))) == [CreateResponse]
    later = run(conversation, e.ItemDone(RETURNED), e.ResponseCreated("r2"), e.ResponseDone("r2", "completed"))
    assert not sent(later)


def test_a_call_that_outlasts_its_response_is_waited_for() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), e.ItemDone(REQUEST), e.ResponseDone("r1", "completed"))
    conversation.approval_given("a1", approve=True)
    assert not sent(run(conversation, e.ItemAdded(CALL), e.McpCall("m1", status="in_progress")))
    failed = e.Item(id="m1", type="mcp_call", server_label="calendar", name="list", error=e.ServerError("gone"))
    actions = run(conversation, e.ItemDone(failed))
    assert kinds(actions) == [CreateResponse]
    assert [session_event.outcome for session_event in shown(actions) if isinstance(session_event, RemoteCall)] == [
        "gone"
    ]


def test_a_service_that_goes_on_by_itself_is_not_asked_to() -> None:
    conversation = new()
    message = e.Item(id="i1", type="message", role="assistant")
    run(conversation, e.ResponseCreated("r1"), e.McpCall("m1", status="completed"))
    assert not sent(run(conversation, e.OutputItemAdded("r1", message), audio(), e.ResponseDone("r1", "completed")))


def test_a_call_is_not_spoken_of_while_the_user_speaks() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), e.ResponseDone("r1", "completed"), e.SpeechStarted("u1"))
    assert not sent(run(conversation, e.McpCall("m1", status="completed"), e.SpeechStopped("u1")))
    assert not sent(run(conversation, e.ResponseCreated("r2"), e.ResponseDone("r2", "completed")))


def test_what_servers_offer_is_told_once() -> None:
    conversation = new()
    listing = e.Item(id="l1", type="mcp_list_tools", server_label="calendar", tools=({"name": "list"}, {}))
    actions = run(conversation, e.McpListing("l1", "in_progress"), e.ItemDone(listing), e.ItemDone(listing))
    assert shown(actions) == [RemoteTools("calendar", ["list", ""])]
    label = e.Item(id="l2", type="mcp_list_tools", server_label="broken")
    actions = run(conversation, e.ItemAdded(label), e.McpListing("l2", "failed"), e.McpListing("l2", "failed"))
    assert shown(actions) == [RemoteTools("broken", [], failed=True)]


def test_remote_servers_are_declared_to_the_service() -> None:
    settings = SessionSettings(remote_mcp={"calendar": RemoteMcp(url="https://example.org/mcp")})
    chosen = chosen_at("ws://127.0.0.1:1/", "openai", {"OPENAI_API_KEY": "key-of-a-test"})
    assert chosen.provider is OPENAI
    assert settings.to_json(chosen)["tools"] == [
        {
            "type": "mcp",
            "server_label": "calendar",
            "server_url": "https://example.org/mcp",
            "require_approval": "always",
        }
    ]


async def test_a_session_passes_the_answer_on_and_speaks_of_the_result() -> None:
    answers: list[dict[str, Any]] = []

    async def script(peer: Peer) -> None:
        item = {"id": "a1", "type": "mcp_approval_request", "server_label": "calendar"}
        call = {"id": "m1", "type": "mcp_call", "server_label": "calendar", "name": "list", "arguments": "{}"}
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.send("response.output_item.done", response_id="r1", item={**item, "name": "list", "arguments": "{}"})
        await peer.end_response("r1")
        answers.append(await peer.expect("conversation.item.create"))
        await peer.send("response.mcp_call.in_progress", item_id="m1", output_index=0)
        await peer.send("response.mcp_call.completed", item_id="m1", output_index=0)
        await peer.send("conversation.item.done", item={**call, "output": "nothing"}, previous_item_id=None)
        await peer.expect("response.create")
        await peer.answer("r2", "i2", noise(0.2).tobytes())

    async with rig(script) as it:
        asked = await it.until_event(ApprovalAsked)
        assert isinstance(asked, ApprovalAsked)
        it.session.approve(asked.approval_id, reason="gladly")
        await it.until_event(FirstAudio)
        await it.until(lambda: it.session.at_rest)
        await asyncio.sleep(0)
    assert answers[0]["item"]["approve"] is True
    assert answers[0]["item"]["reason"] == "gladly"
    assert len(it.peer.of_type("response.create")) == 1


def test_a_key_in_the_words_of_a_server_is_not_shown() -> None:
    item = {"id": "m1", "type": "mcp_call", "server_label": "calendar", "name": "list", "arguments": "{}"}
    refused = {**item, "error": {"type": "http_error", "message": "401: Bearer sk-test is not known"}}
    called = Emit("conversation.item.done", item=refused)
    held = hold([*opened("first"), called, Expect("response.create"), Wait(1.0)], provider="openai", duration_s=3)
    assert [session_event.outcome for session_event in held.of(RemoteCall)] == ["401: *** is not known"]
