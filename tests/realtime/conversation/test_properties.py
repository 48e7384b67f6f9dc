"""What holds in any order of events, duplicates, speech, typing, keys, tool results and lost connections."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.audio.playback.segments import ItemKey
from engine.realtime.conversation.actions import (
    Action,
    EndAudio,
    InterruptTools,
    PlayAudio,
    RunTool,
    Send,
    StopPlayback,
    ToolResult,
)
from engine.realtime.conversation.machine import Conversation
from engine.realtime.conversation.push_to_talk import LEAST_COMMIT_MS
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import (
    CancelResponse,
    ClientEvent,
    CreateItem,
    CreateResponse,
    DeleteItem,
    TruncateItem,
)
from tests.realtime.conversation.model import SERVER_TOOL, PlayerModel, ServerModel, agents_words, expected_of

SESSION: dict[str, Any] = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
WORDS = st.tuples(st.integers(0, 1), st.integers(1, 400))
"""Which part of an item, and milliseconds of it."""
CALLS = st.sampled_from(["tool", SERVER_TOOL])
OF_SPEECH = (e.SpeechStarted, e.SpeechStopped, e.Committed)


class Conversing(RuleBasedStateMachine):
    """A conversation between a model of a server, one of a player, tools, and a person."""

    @initialize(server=st.builds(ServerModel, *[st.booleans()] * 5), orderly=st.booleans(), breaks=st.booleans())
    def begin(self, server: ServerModel, orderly: bool, breaks: bool) -> None:
        """Choose the kind of server, whether the order of its events is kept, and whether the connection is."""
        self.server = server
        self.player = PlayerModel()
        self.conversation = Conversation("model", server_tools=[SERVER_TOOL], interrupts_by_itself=server.interrupts)
        self.orderly, self.breaks = orderly, breaks
        self.online, self.lost = True, False
        self.delivered: list[e.ServerEvent] = []
        self.known: set[str] = set()
        """Responses the client has heard of."""
        self.done: set[str] = set()
        """Those of which no more is expected: they have ended, or another has begun."""
        self.ended: set[str] = set()
        self.begun, self.called_in = 0, dict[str, int]()
        """Number of responses so far, and by call the number of the one that it came in."""
        self.interrupted: set[str] = set()
        self.speaking = self.talking = False
        self.in_flight = ""
        self.stale = False
        self.running: list[str] = []
        self.run, self.answered = set[str](), set[str]()
        self.answered_here: set[str] = set()
        """Calls whose result went over this connection; a new server is told the history."""
        self.event_ids: set[str] = set()
        self.played: set[ItemKey] = set()
        self.cancelled: dict[str, str] = {}
        """Our response.cancel, by response."""
        self.hushed = False
        """The key was pressed, and no turn came of it."""
        self.gone_items: set[str] = set()
        """Those of earlier connections."""
        self.typed = 0
        self.overtaken = False
        """The person has spoken or pressed the key since the last turn in writing or by key: that one is given up."""

    # What the server does.

    @precondition(lambda self: self.online and not self.server.active)
    @rule()
    def server_begins(self) -> None:
        """A response of the server's own."""
        self.server.begin()

    @precondition(lambda self: self.online and self.server.active)
    @rule(work=st.lists(st.one_of(WORDS, CALLS), min_size=1, max_size=5))
    def server_works(self, work: list[tuple[int, int] | str]) -> None:
        """Sound and text, and calls of tools."""
        for what in work:
            if isinstance(what, str):
                self.server.call(what)
            else:
                self.server.speak(*what)

    @precondition(lambda self: self.online and self.server.active)
    @rule(status=st.sampled_from(["completed", "completed", "incomplete", "failed", "cancelled"]))
    def server_ends(self, status: str) -> None:
        """The end of a response."""
        self.server.end(status)

    @precondition(lambda self: self.online and self.server.detects_turns)
    @rule()
    def server_hears(self) -> None:
        """Speech begins, or ends."""
        if self.server.hears_speech:
            self.server.hear_silence()
        else:
            self.server.hear_speech()

    @precondition(lambda self: self.online and self.server.inbox)
    @rule(count=st.integers(1, 6))
    def server_carries_out(self, count: int) -> None:
        """The oldest events of the client arrive."""
        for _ in range(min(count, len(self.server.inbox))):
            self.server.carry_out()

    # What reaches the client.

    @precondition(lambda self: self.online and self.server.said)
    @rule(places=st.lists(st.integers(0, 3), min_size=1, max_size=8), twice=st.booleans())
    def deliver(self, places: list[int], twice: bool) -> None:
        """Events of the server arrive: the oldest, or in disorder some that were said after it."""
        for place in places[: len(self.server.said)]:
            index = 0 if self.orderly else min(place, len(self.server.said) - 1)
            event = self.server.said[index]
            del self.server.said[index]
            self.take(event)
            if twice and self.may_come_again(event):
                self.take(event)

    @precondition(lambda self: self.online and self.delivered)
    @rule(place=st.integers(0, 30))
    def deliver_again(self, place: int) -> None:
        """An old event comes once more."""
        event = self.delivered[-1 - place % len(self.delivered)]
        if self.may_come_again(event):
            self.take(event)

    def may_come_again(self, event: e.ServerEvent) -> bool:
        """Sound that comes twice is sound twice; some events announce an answer, which may never come again."""
        announces = isinstance(event, OF_SPEECH) or self.begins_again(event)
        return not isinstance(event, e.AudioDelta) and not (self.orderly and announces) and not self.calls_anew(event)

    def calls_anew(self, event: e.ServerEvent) -> bool:
        """Whether it would be a new call, as servers use ids again: responses of one id are not told apart."""
        if self.server.renames or not isinstance(event, e.OutputItemDone):
            return False
        return self.called_in.get(event.item.call_id, self.begun) != self.begun

    def begins_again(self, event: e.ServerEvent) -> bool:
        """Whether another response of a known id begins with this event."""
        response_id = getattr(event, "response_id", "")
        if isinstance(event, e.ResponseCreated):
            return response_id in self.done
        is_due = response_id in self.ended and self.conversation._is_due
        return is_due and isinstance(event, e.AudioDelta | e.TextDelta)

    # What the person, the tools and the device do.

    @rule()
    def person_types(self) -> None:
        """A turn in writing."""
        self.typed += 1
        self.overtaken = False
        self.interrupt()
        self.hushed = False
        self.judge(self.conversation.user_typed(f"typed {self.typed}"), interrupts=True)
        self.expect_cancelled()

    @rule(sent_ms=st.sampled_from([0, 50, 1000]))
    def person_uses_the_key(self, sent_ms: int) -> None:
        """Press, or release."""
        if self.talking:
            self.talking, self.overtaken = False, sent_ms < LEAST_COMMIT_MS or not self.online
            self.hushed = self.overtaken
            self.judge(self.conversation.talk_ended(sent_ms))
        else:
            self.talking = self.overtaken = self.hushed = True
            self.interrupt()
            self.judge(self.conversation.talk_started(), interrupts=True)
            self.expect_cancelled()

    def expect_cancelled(self) -> None:
        """The server hears nothing of this interruption: it must be told to stop."""
        assert self.known - self.done <= self.cancelled.keys() or not self.online

    @precondition(lambda self: self.running)
    @rule(index=st.integers(0, 9), again=st.booleans())
    def tool_returns(self, index: int, again: bool) -> None:
        """A result, perhaps twice."""
        call_id = self.running.pop(index % len(self.running))
        for _ in range(1 + again):
            self.judge(self.conversation.tool_finished(ToolResult(call_id, "tool", "x")))

    @rule(ms=st.integers(1, 2000))
    def time_passes(self, ms: int) -> None:
        """The device takes sound."""
        self.player.pass_time(ms)

    @precondition(lambda self: self.player.cuts)
    @rule()
    def kernel_reports(self) -> None:
        """What was heard when playback stopped."""
        cut = self.player.cuts.popleft()
        actions = self.conversation.playback_cut(cut)
        self.judge(actions)
        told: list[tuple[str, int, int] | str] = []
        for action in actions:
            match action:
                case Send(TruncateItem(_, item_id, part, ms)):
                    told.append((item_id, part, ms))
                case Send(DeleteItem(_, item_id)) if item_id not in self.server.retold_ids:
                    told.append(item_id)
        expected = expected_of(cut, self.played) if self.online else ()
        assert told == [entry for entry in expected if item_of(entry) not in self.gone_items]
        if self.online and not self.player.cuts:
            self.judge_history()

    def judge_history(self) -> None:
        """Of what a server was told, it knows what was heard: as much as is remembered, in the same order."""
        remembered = [item for entry in self.conversation._resumption.history.entries for item in entry.items()]
        replayed = agents_words(self.server.replayed)
        assert replayed == agents_words(remembered)[: len(replayed)]

    # The connection.

    @precondition(lambda self: self.online and self.breaks)
    @rule()
    def connection_breaks(self) -> None:
        """Nothing more goes or comes."""
        self.online, self.lost = False, True
        self.server.forget_connection()
        self.delivered.clear()
        self.answered_here.clear()
        self.gone_items |= {key.item_id for key in self.played}
        self.ended |= self.known - self.done
        self.done |= self.known
        self.in_flight, self.stale, self.speaking = "", False, False
        self.judge(self.conversation.disconnected())

    @precondition(lambda self: not self.online)
    @rule()
    def connection_is_back(self) -> None:
        """A new server, which knows nothing."""
        self.online = True
        self.judge(self.conversation.reconnected(SESSION))
        self.server.said.append(e.SessionCreated("new"))

    # The judge.

    def interrupt(self) -> None:
        """Everything the client knows of is over for the person."""
        self.interrupted |= self.known
        self.stale = bool(self.in_flight)

    def take(self, event: e.ServerEvent) -> None:
        """Deliver one event, and know what the client may know by it."""
        self.delivered.append(event)
        response_id = getattr(event, "response_id", "")
        if response_id and (response_id not in self.known or self.begins_again(event)):
            self.begun += 1
            self.done |= self.known  # a server has one response at a time
            self.cancelled.pop(response_id, None)
            for forgetful in (self.done, self.ended, self.interrupted):
                forgetful.discard(response_id)
            self.known.add(response_id)
            if self.stale:
                self.interrupted.add(response_id)
            self.in_flight, self.stale = "", False
        match event:
            case e.OutputItemDone():
                self.called_in.setdefault(event.item.call_id, self.begun)
            case e.SpeechStarted():
                self.speaking = self.overtaken = True
                self.hushed = False
                self.interrupt()
            case e.SpeechStopped() | e.Committed():
                self.speaking = False
            case e.ResponseDone():
                self.done.add(response_id)
                self.ended.add(response_id)
            case e.ErrorEvent(error) if error.code == "response_cancel_not_active":
                self.done |= {running for running, cancel in self.cancelled.items() if cancel == error.event_id}
            case e.ErrorEvent(error) if self.in_flight and error.event_id in ("", self.in_flight):
                self.in_flight, self.stale = "", False
        actions = self.conversation.handle(event)
        if isinstance(event, e.AudioDelta) and response_id not in self.interrupted | self.done:
            assert any(isinstance(action, PlayAudio) for action in actions)
        self.judge(actions, interrupts=isinstance(event, e.SpeechStarted))

    def judge(self, actions: list[Action], *, interrupts: bool = False) -> None:
        """Look at each action in the light of all that has happened."""
        if interrupts and self.player.sounds:
            assert isinstance(actions[0], StopPlayback)
        for action in actions:
            match action:
                case PlayAudio(response_id, key, audio):
                    assert response_id not in self.interrupted
                    self.played.add(key)
                    self.player.play(key, audio)
                case EndAudio(key):
                    assert key in self.played
                    self.player.end(key)
                case StopPlayback():
                    self.player.stop()
                case RunTool(call):
                    assert call.call_id not in self.run
                    assert call.name != SERVER_TOOL
                    self.run.add(call.call_id)
                    self.running.append(call.call_id)
                case InterruptTools(call_ids):
                    assert set(call_ids) <= self.run - self.answered
                case Send(event):
                    self.judge_event(event)

    def judge_event(self, event: ClientEvent) -> None:
        """What goes to the server."""
        assert self.online
        assert event.event_id not in self.event_ids
        self.event_ids.add(event.event_id)
        self.server.inbox.append(event)
        self.server.note_retold(event)
        match event:
            case CreateResponse():
                assert not self.in_flight
                assert self.known <= self.done
                assert not (self.speaking or self.talking)
                self.in_flight, self.stale = event.event_id, False
            case CancelResponse(event_id, response_id):
                assert response_id not in self.cancelled
                self.cancelled[response_id] = event_id
            case CreateItem(_, {"type": "function_call_output", "call_id": call_id}):
                assert call_id in self.run - self.answered_here
                self.answered_here.add(call_id)
                self.answered.add(call_id)

    @invariant()
    def nothing_old_sounds(self) -> None:
        """What plays belongs to what was not interrupted."""
        if hasattr(self, "player"):
            assert not {part.key.item_id.split("-")[0] for part in self.player.parts} & self.interrupted

    def teardown(self) -> None:
        """Let everything come to its end: then nobody owes anybody anything."""
        if not hasattr(self, "conversation"):
            return
        if not self.online:
            self.connection_is_back()
        if self.talking:
            self.person_uses_the_key(0)
        for _ in range(200):
            self.settle()
        assert self.answered == self.run
        for _ in range(3):
            self.settle()
            self.lose_patience()
        assert self.conversation.idle
        if self.orderly:
            assert not self.conversation._gate.busy
            assert self.lost or self.overtaken or not self.server.wants_answer
            # Where all have one id, what is to cancel one may reach the next.
            assert self.lost or self.hushed or not (self.server.cancelled_answer and self.server.renames)

    def lose_patience(self) -> None:
        """Wait no longer, where anything is waited for."""
        if self.conversation.patience_s is not None:
            if not self.conversation._user_speaking:
                self.done |= self.known
                self.in_flight = ""
            self.speaking = False
            self.judge(self.conversation.give_up())

    def settle(self) -> None:
        """One step towards the end."""
        while self.server.said:
            self.take(self.server.said.popleft())
        if self.player.cuts:
            self.kernel_reports()
        elif self.running:
            self.tool_returns(0, again=False)
        elif self.server.inbox:
            self.server.carry_out()
        elif self.server.hears_speech:
            self.server.hear_silence()
        elif self.server.active:
            self.server.end("completed")


def item_of(told: tuple[str, int, int] | str) -> str:
    """The item that is truncated or deleted."""
    return told if isinstance(told, str) else told[0]


# The same runs each time: what a change breaks is seen with it. 4000 others were tried once.
Conversing.TestCase.settings = settings(max_examples=300, derandomize=True, stateful_step_count=60, deadline=None)
TestConversing = Conversing.TestCase
