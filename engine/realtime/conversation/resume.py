"""Resumption: what of a conversation outlives its connection, and what the new server is told of it.

After a reconnect a server is told, in this order: the session's settings, with automatic answers off; the history; then
what the microphone held; then the settings as they are to be. What belongs to the old connection (calls of tools,
items that still play) is passed on so that the new one can take it (`replayed_history`), or not at all.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from engine.realtime.conversation.actions import Action, ReleaseMicrophone, Send, Show
from engine.realtime.conversation.history import Entry, History
from engine.realtime.conversation.replayed_history import ReplayedHistory
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import (
    ClientEvent,
    CommitAudio,
    CreateItem,
    DeleteItem,
    EventIds,
    TruncateItem,
    UpdateSession,
)
from engine.realtime.protocol.client_items import user_text_item

Earlier = Sequence[Entry]
_LATEST_HELD_MS = 10_000
"""Longest audio that is held for a new session; a turn that ends later was said to that session."""
_REMEMBERED = 1024
"""Events of a resumption, whose errors are of no interest to a person."""


class Resumption:
    """Passes on what a conversation does, and keeps what a new connection must be told."""

    def __init__(self, ids: EventIds, recap_heading: str = "") -> None:
        """Begin.

        Args:
            ids: Names of the events.
            recap_heading: See `ReplayedHistory`.
        """
        self._ids = ids
        self._recap_heading = recap_heading
        self._events: deque[str] = deque(maxlen=_REMEMBERED)
        self._earlier_calls: set[str] = set()
        self._earlier_items: set[str] = set()
        self._updates_awaited = 0
        self._server_answers = True
        self._update_without_answers = ""
        self._session_id: str | None = None
        self.history = History()
        self._replayed_history = ReplayedHistory(ids, recap_heading)
        self.online = True
        """False from the loss of a connection until the next one is told everything."""

    def open(self, session: dict[str, Any], earlier: Earlier) -> list[Action]:
        """Return what the first connection is told: the settings, and the conversation that this one goes on with."""
        self.history = History([*earlier, *self.history.entries])
        replayed = self._replayed_history.replay(History(earlier))  # what was typed until now waits in the uplink
        self._events.extend(event.event_id for event in replayed)
        return [Send(UpdateSession(self._ids.next(), session)), *map(Send, replayed)]

    def pass_on(self, actions: Iterable[Action]) -> list[Action]:
        """Remember what is shown; keep back what the present connection cannot take."""
        passed: list[Action] = []
        for action in actions:
            match action:
                case Send(event):
                    passed += [Send(sent) for sent in self._sendable(event)]
                    continue
                case Show(session_event):
                    self.history.note(session_event)
            passed.append(action)
        return passed

    def disconnected(self, calls: Iterable[str], items: Iterable[str]) -> None:
        """Note the loss of the connection.

        Args:
            calls: Ids of the calls whose tools still run.
            items: Ids of the items that were played, or still play.
        """
        self.online = False
        self._updates_awaited = 0
        self._session_id = None
        self._earlier_calls = set(calls)
        self._earlier_items = set(items)

    def resume(self, session: dict[str, Any], commit: CommitAudio | None = None) -> list[Action]:
        """Return what a new connection is told first, and go on with it; `commit` ends a turn of what was held."""
        self.online = True
        without_answers = _without_answers(session)
        replayed = self._replayed_history.replay(self.history)
        first = UpdateSession(self._ids.next(), without_answers or session)
        events: list[ClientEvent] = [first, *replayed]
        self._events.extend(event.event_id for event in events)
        resumed: list[Action] = [*(Send(event) for event in events), ReleaseMicrophone()]
        if commit is not None:
            resumed.append(Send(commit))
        if without_answers is not None:
            self._updates_awaited, self._update_without_answers = 2, first.event_id
            resumed.append(Send(UpdateSession(self._ids.next(), session)))
        return resumed

    def turn_ended(self, item_id: str, audio_end_ms: int) -> bool:
        """Note that the user ended a turn; True if the server will not answer it by itself.

        That is so of a turn that lies in the audio that was held, until the server has confirmed that answers are on
        again; once only, since not every server confirms anything, and two answers are worse than none. A server that
        declares that it answers nothing by itself is asked each time.
        """
        self.history.user_spoke(item_id)
        is_held = self._updates_awaited > 0 and audio_end_ms <= _LATEST_HELD_MS
        self._updates_awaited = 0
        return is_held or not self._server_answers

    def note_session(self, event: e.SessionCreated | e.SessionUpdated) -> bool:
        """Take the server's word on the session; True where it is a new one.

        One server sends session.updated twice, and some leave session.created out. Who does not tell whether it
        answers by itself is believed to do so when the second update has been confirmed.
        """
        if isinstance(event, e.SessionUpdated):
            self._note_update(event)
        is_known = self._session_id is not None and event.session_id in ("", self._session_id)
        self._session_id = self._session_id if is_known else event.session_id
        return not is_known

    def caused(self, event_id: str) -> bool:
        """Whether an error names an event of a resumption: the conversation goes on without what it said."""
        if event_id == self._update_without_answers:
            self._updates_awaited = 0  # refused: answers were never off
        return bool(event_id) and event_id in self._events

    def _note_update(self, event: e.SessionUpdated) -> None:
        self._server_answers = self._updates_awaited > 0 or event.creates_response is not False
        if event.creates_response is None:
            self._updates_awaited = max(0, self._updates_awaited - 1)
        elif event.creates_response:
            self._updates_awaited = 0

    def _sendable(self, event: ClientEvent) -> list[ClientEvent]:
        match event:
            case CreateItem(event_id, {"type": "function_call_output", "call_id": call_id, "output": output}):
                if call_id in self._earlier_calls and self.online:
                    self._earlier_calls.discard(call_id)
                    return self._late_output(event_id, str(call_id), str(output))
            case TruncateItem() | DeleteItem() if event.item_id in self._earlier_items and self.online:
                corrections = self._replayed_history.correct(event.item_id)
                self._events.extend(correction.event_id for correction in corrections)
                return corrections
        return [event] if self.online else []

    def _late_output(self, event_id: str, call_id: str, output: str) -> list[ClientEvent]:
        """The output of a tool that an earlier connection asked for: its call was not replayed without it."""
        used = self.history.call(call_id)
        if used is None or self._recap_heading:
            line = used.line() if used else f"A tool that was called earlier returned: {output}"
            return [CreateItem(event_id, user_text_item(line))]
        call, result = used.items()
        return [CreateItem(self._ids.next(), call), CreateItem(event_id, result)]


def _without_answers(session: dict[str, Any]) -> dict[str, Any] | None:
    """The same settings without automatic answers and interruptions; None where the client commits by itself."""
    without_answers = copy.deepcopy(session)
    detection = without_answers.get("audio", {}).get("input", {}).get("turn_detection")
    if not detection:
        return None
    detection |= {"create_response": False, "interrupt_response": False}
    return without_answers
