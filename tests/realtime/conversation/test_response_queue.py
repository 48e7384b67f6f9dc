"""Walk through the whole table of the gate, on paper and with a gate in hand."""

from __future__ import annotations

import pytest

from engine.realtime.conversation.response_queue import EFFECTS, TABLE, Effect, Input, ResponseGate, State
from engine.realtime.protocol.client_events import EventIds
from engine.realtime.protocol.errors import ALREADY_ACTIVE
from engine.realtime.protocol.server_events import ServerError

MAY_NOT_SEND = {State.REQUESTED, State.WITHDRAWN, State.REFUSED_BUSY}
"""One is on its way, or a response runs that would refuse the next one too."""
PAIRS = [(state, event) for state in State for event in Input]


def paths_from(start: State) -> dict[State, list[Input]]:
    """The shortest way to each state that can be reached."""
    paths: dict[State, list[Input]] = {start: []}
    queue = [start]
    for state in queue:
        for event, following in TABLE[state].items():
            if following not in paths:
                paths[following] = [*paths[state], event]
                queue.append(following)
    return paths


class Driven:
    """A gate with its caller: each input of the table is a call of the gate's public methods."""

    def __init__(self, path: list[Input]) -> None:
        self.gate, self._ids, self.sent = ResponseGate(), EventIds("t"), ""
        for event in path:
            self.give(event)

    def give(self, event: Input) -> bool:
        """Give one input; return whether it was sent, is to be cancelled, or goes again."""
        match event:
            case Input.SEND:
                self.gate.want()
                return self.take()
            case Input.BEGIN:
                return self.gate.response_created()
            case Input.FORGET:
                self.gate.forget()
                return False
            case Input.GIVE_UP:
                self.gate.give_up()
                return False
            case Input.REFUSE:
                return self.gate.refused(ServerError(code="invalid_value", event_id=self.sent))
            case Input.BUSY:
                return self.gate.refused(ServerError(code=ALREADY_ACTIVE, event_id=self.sent))

    def take(self) -> bool:
        """Send what is wanted, if the gate lets it through."""
        event = self.gate.take(self._ids, free=True)
        self.sent = event.event_id if event else self.sent
        return event is not None


def test_every_pair_is_decided() -> None:
    """A missing pair is one that cannot happen: the gate asks the table before it sends."""
    missing = {(state, event) for state, event in PAIRS if event not in TABLE[state]}
    assert missing == {(state, Input.SEND) for state in MAY_NOT_SEND}


def test_every_state_is_reached_and_none_is_a_trap() -> None:
    """From each state the gate gets back to every other, and so to one from which it may send."""
    for state in State:
        assert set(paths_from(state)) == set(State)


def test_an_effect_belongs_to_a_pair_of_the_table() -> None:
    assert all(event in TABLE[state] for state, event in EFFECTS)
    assert set(EFFECTS.values()) == set(Effect)


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_a_gate_walks_by_the_table(state: State, event: Input) -> None:
    driven = Driven(paths_from(State.IDLE)[state])
    assert driven.gate.state is state
    reported = driven.give(event)
    assert driven.gate.state is TABLE[state].get(event, state)
    assert reported is ((state, event) in EFFECTS or (event is Input.SEND and state not in MAY_NOT_SEND))


@pytest.mark.parametrize("state", [state for state in State if state in MAY_NOT_SEND])
def test_a_wish_waits_where_nothing_may_be_sent(state: State) -> None:
    driven = Driven(paths_from(State.IDLE)[state])
    driven.gate.want()
    assert not driven.take()
    driven.give(Input.BEGIN)
    assert driven.take(), "the wish has waited"


@pytest.mark.parametrize("state", State)
def test_a_gate_is_busy_while_something_is_wanted_or_asked_for(state: State) -> None:
    driven = Driven(paths_from(State.IDLE)[state])
    assert driven.gate.busy is (state in MAY_NOT_SEND)
    driven.gate.want()
    assert driven.gate.busy


@pytest.mark.parametrize(("names_event", "most"), [(True, 1), (False, 3)])
def test_a_refusal_is_final_after_some_tries(names_event: bool, most: int) -> None:
    driven = Driven([Input.SEND])
    for _ in range(most):
        assert driven.gate.refused(ServerError(code=ALREADY_ACTIVE, event_id=driven.sent * names_event))
        driven.give(Input.BEGIN)
        assert driven.take()
    assert not driven.gate.refused(ServerError(code=ALREADY_ACTIVE, event_id=driven.sent * names_event))
    assert not driven.gate.busy


def test_a_server_that_answers_tools_by_itself_is_asked_once_more_and_then_believed() -> None:
    driven = Driven([])
    for goes_again in (True, False):
        driven.gate.want(after_tools=True)
        assert driven.take()
        driven.give(Input.BEGIN)
        assert driven.give(Input.BUSY) is goes_again
        driven.give(Input.FORGET)


def test_an_error_about_another_event_changes_nothing() -> None:
    driven = Driven([Input.SEND])
    assert not driven.gate.refused(ServerError(code=ALREADY_ACTIVE, event_id="t_elsewhere"))
    assert not driven.gate.refused(ServerError(code="invalid_value"))
    assert driven.gate.state is State.REQUESTED
