"""Interruption: what is silenced, and what the server and the person are told of an answer that was cut."""

from __future__ import annotations

from collections import deque

from engine.audio.playback.segments import Cut
from engine.realtime.conversation.actions import Action, Send, Show, StopPlayback
from engine.realtime.conversation.responses import PendingResults, Responses
from engine.realtime.protocol.client_events import DeleteItem, EventIds, TruncateItem
from engine.realtime.session_events import AnswerDropped, BargeIn, SessionEvent

_REMEMBERED = 256
"""Truncations that are remembered; a session may last for days."""


class Interruptions:
    """Decides what an interruption cuts, and ends the server's copies of answers where they were cut.

    Example:
        >>> from engine.audio.playback.segments import Heard, ItemKey
        >>> interruptions = Interruptions(EventIds("voice"), Responses(), PendingResults())
        >>> heard = Heard(ItemKey("item_1", 0), heard_ms=500, received_ms=1000)
        >>> interruptions.forget_unheard(Cut((heard,), silence_ms=5.0))[-1]
        Send(event=TruncateItem(event_id='voice_1', item_id='item_1', content_index=0, audio_end_ms=500))
    """

    def __init__(self, ids: EventIds, responses: Responses, pending_results: PendingResults) -> None:
        """Prepare.

        Args:
            ids: Names of the events.
            responses: What is answered, or has been.
            pending_results: Results of tools, which a new turn of the user makes wait.
        """
        self._ids = ids
        self._responses = responses
        self._pending_results = pending_results
        self._events: deque[str] = deque(maxlen=_REMEMBERED)
        self.plays_own_sound = False
        """True once a sound of the program's own has gone to the player."""

    def interrupt(self, *, by_user: bool, cancels: bool) -> list[Action]:
        """Silence all that was asked for before, the speaker first: nothing more of it is acted on.

        Args:
            by_user: Whether somebody speaks, types or presses; else there has been no speaker for too long.
            cancels: Whether the server has to be asked to end what it is answering.
        """
        sounds = any(response.active or (response.spoke and not response.interrupted) for response in self._responses)
        actions: list[Action] = [StopPlayback(by_user)] if sounds or self.plays_own_sound else []
        if by_user:
            actions += self._pending_results.user_turned(self._responses)
        for response in self._responses:
            response.interrupted = True
            if response.active and cancels:
                actions += response.cancel(self._ids)
        return actions

    def forget_unheard(self, cut: Cut) -> list[Action]:
        """Take what the device had taken when playback stopped: the server is to forget the rest, and the person too.

        An item of which nothing was heard is deleted; one that was heard whole is not among `cut.heard`.
        """
        actions: list[Action] = [Show(_event_of(cut))] if cut.heard else []
        actions += self._responses.cut(cut.heard)
        for heard in cut.heard:
            if not heard.key.item_id:
                continue  # a server that names no items knows none to cut
            event_id, item_id, index = self._ids.next(), heard.key.item_id, heard.key.content_index
            self._events.append(event_id)
            heard_ms = min(heard.heard_ms, heard.received_ms)
            has_more = any(answer.has_audio(besides=index) for answer in self._responses.answers_of(item_id))
            if heard_ms == 0 and not has_more:
                actions.append(Send(DeleteItem(event_id, item_id)))
            else:
                actions.append(Send(TruncateItem(event_id, item_id, index, heard_ms)))
        return actions

    def caused(self, event_id: str) -> bool:
        """Whether an error names one of our truncations or deletions, of which the person need not know."""
        return bool(event_id) and event_id in self._events


def _event_of(cut: Cut) -> SessionEvent:
    """The session event of a cut: an interruption by the person, or audio that no speaker took."""
    first = cut.heard[0]
    heard_ms = min(first.heard_ms, first.received_ms)
    if cut.by_user:
        return BargeIn(heard_ms, first.key.item_id, round(cut.silence_ms, 1))
    dropped_ms = sum(max(0, heard.received_ms - heard.heard_ms) for heard in cut.heard)
    return AnswerDropped(heard_ms, dropped_ms, first.key.item_id)
