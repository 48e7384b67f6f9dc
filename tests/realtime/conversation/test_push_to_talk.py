"""What the conversation makes of a key that is pressed and let go: interruption, commit, and what is no turn."""

from __future__ import annotations

import pytest

from engine.audio.playback.segments import Cut, Heard
from engine.realtime.conversation.actions import PlayAudio, ReleaseMicrophone, StopPlayback
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import (
    CancelResponse,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    TruncateItem,
    UpdateSession,
)
from engine.realtime.protocol.errors import COMMIT_EMPTY
from engine.realtime.session_events import ErrorShown
from tests.realtime.conversation.test_machine import KEY, audio, call, new, run, sent, shown


def test_the_key_interrupts_and_its_release_commits_and_asks() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio(), e.ResponseDone("r1", "completed"))
    pressed = conversation.talk_started()
    assert isinstance(pressed[0], StopPlayback)
    assert not sent(pressed)
    assert not conversation.talk_started()
    (event,) = sent(conversation.playback_cut(Cut((Heard(KEY, 100, 500),), 8.0)))
    assert isinstance(event, TruncateItem)
    assert [type(event) for event in sent(conversation.talk_ended(900))] == [CommitAudio, CreateResponse]
    assert not conversation.talk_ended(900)
    assert conversation.turns == 1


def test_the_key_cancels_what_runs_and_the_answer_to_what_was_said_waits_for_its_end() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), audio())
    assert [type(event) for event in sent(conversation.talk_started())] == [CancelResponse]
    assert [type(event) for event in sent(conversation.talk_ended(900))] == [CommitAudio]
    assert not [action for action in run(conversation, audio()) if isinstance(action, PlayAudio)]
    assert [type(event) for event in sent(conversation.handle(e.ResponseDone("r1", "cancelled")))] == [CreateResponse]


def test_nothing_said_is_not_committed_and_too_little_is_cleared() -> None:
    conversation = new()
    conversation.talk_started()
    assert not sent(conversation.talk_ended(0))
    conversation.talk_started()
    assert [type(event) for event in sent(conversation.talk_ended(99))] == [ClearAudio]
    assert (conversation.turns, conversation.idle) == (0, True)


def test_no_response_is_asked_for_while_the_key_is_held() -> None:
    conversation = new()
    run(conversation, e.ResponseCreated("r1"), call("c1"), e.ResponseDone("r1", "completed"))
    conversation.talk_started()
    conversation.user_typed("hello")
    assert not conversation.idle
    assert not sent(run(conversation, e.Committed("u1")))
    assert [type(event) for event in sent(conversation.talk_ended(0))] == [CreateResponse]


def test_a_turn_that_ends_without_a_connection_is_committed_when_there_is_one() -> None:
    conversation = new()
    conversation.talk_started()
    conversation.disconnected()
    assert not sent(conversation.talk_ended(900))
    actions = conversation.reconnected({})
    assert [type(event) for event in sent(actions)] == [UpdateSession, CommitAudio]
    held = next(index for index, action in enumerate(actions) if isinstance(action, ReleaseMicrophone))
    assert [type(event) for event in sent(actions[held:])] == [CommitAudio]
    # Only now: a server that was given nothing fresh refuses the commit.
    assert [type(event) for event in sent(conversation.handle(e.Committed("u1")))] == [CreateResponse]
    conversation.disconnected()
    assert [type(event) for event in sent(conversation.reconnected({}))] == [UpdateSession]


def test_a_turn_whose_words_are_lost_with_the_connection_is_told_once() -> None:
    conversation = new()
    conversation.talk_started()
    conversation.talk_ended(900)
    (lost,) = shown(conversation.disconnected())
    assert isinstance(lost, ErrorShown)
    assert lost.code == "turn_lost"
    assert [type(event) for event in sent(conversation.reconnected({}))] == [UpdateSession]
    assert not shown(conversation.disconnected())


@pytest.mark.parametrize(
    "signs", [[e.Committed("u1"), e.TranscriptCompleted("u1", "Hello")], [e.ResponseCreated("r1")]]
)
def test_a_turn_that_a_server_took_and_whose_words_are_known_is_not_lost(signs: list[e.ServerEvent]) -> None:
    conversation = new()
    conversation.talk_started()
    conversation.talk_ended(900)
    run(conversation, *signs)
    assert not [
        session_event for session_event in shown(conversation.disconnected()) if isinstance(session_event, ErrorShown)
    ]


@pytest.mark.parametrize("names_event", [True, False])
def test_a_turn_that_ended_in_an_outage_and_of_which_nothing_is_left_is_told(names_event: bool) -> None:
    conversation = new()
    conversation.disconnected()
    conversation.talk_started()
    conversation.talk_ended(900)
    *_, commit = sent(conversation.reconnected({}))
    error = e.ServerError(code=COMMIT_EMPTY, event_id=commit.event_id if names_event else "")
    (lost,) = shown(conversation.handle(e.ErrorEvent(error)))
    assert isinstance(lost, ErrorShown)
    assert lost.code == "turn_lost"
    assert not shown(conversation.handle(e.ErrorEvent(error)))


def test_a_refused_commit_gets_no_answer() -> None:
    conversation = new()
    conversation.talk_started()
    commit, _ = sent(conversation.talk_ended(900))
    error = e.ServerError(code="input_audio_buffer_commit_empty", event_id=commit.event_id)
    assert not shown(conversation.handle(e.ErrorEvent(error)))
    actions = run(conversation, e.ResponseCreated("r1"), audio())
    assert [type(event) for event in sent(actions)] == [CancelResponse]
    assert not [action for action in actions if isinstance(action, PlayAudio)]
