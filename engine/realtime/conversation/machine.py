"""The conversation as a state machine without I/O: server events in, actions out, in the order they must happen.

It opens no socket, reads no clock and imports no asyncio: a recorded session replays through it exactly, and a test
can throw any order of events at it. The rules it keeps:

- A user who speaks silences everything that was asked for before: nothing of it is played, shown or run any more.
- What was heard, and nothing else, stays in the server's history: each item is cut where the device stopped taking it.
- Every tool call of ours is answered once; one `response.create` follows when all calls of a response are answered,
  never while a response runs or the user speaks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from engine.audio.playback.segments import Cut, ItemKey
from engine.realtime import session_events as told
from engine.realtime.conversation.actions import Action, PlayAudio, Send, Show, ToolResult, Trace, ending
from engine.realtime.conversation.declared import DeclaredSession
from engine.realtime.conversation.interruption import Interruptions
from engine.realtime.conversation.push_to_talk import LEAST_COMMIT_MS, PushToTalk
from engine.realtime.conversation.remote_calls import RemoteCalls
from engine.realtime.conversation.response_queue import ResponseGate
from engine.realtime.conversation.responses import PendingResults, Response, Responses, State
from engine.realtime.conversation.resume import Earlier, Resumption
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CreateItem, EventIds
from engine.realtime.protocol.client_items import function_output_item, user_text_item
from engine.realtime.protocol.errors import CANCEL_NOT_ACTIVE, code_of, describe, is_benign

_REMEMBERED = 256
"""Transcripts of one turn whose ids are remembered, to know their echoes; the next may use the same ids."""
SPEAKING_S, RUNNING_S, ANSWER_S = 90.0, 60.0, 15.0
"""Longest silence of a server while the user speaks, within an answer, and while it is to begin or end one."""
_TURN_LOST = Show(told.ErrorShown("What you said last was lost with the connection: please say it again.", "turn_lost"))


class Conversation:
    """One session's state; every method returns what is to be done now."""

    def __init__(
        self,
        provider: str,
        *,
        server_tools: Iterable[str] = (),
        interrupts_by_itself: bool = True,
        recap_heading: str = "",
    ) -> None:
        """Begin a conversation.

        Args:
            provider: Name shown with the session's id.
            server_tools: Names of tools that the server runs itself: shown, never answered.
            interrupts_by_itself: Whether the server ends a response when the user speaks; else it is told to.
            recap_heading: See `Resumption`.
        """
        self._provider = provider
        self._server_tools = frozenset(server_tools)
        self._declared = DeclaredSession(interrupts_by_itself=interrupts_by_itself)
        self._ids = EventIds("voice")
        self.responses = Responses()
        self._gate = ResponseGate()
        self._transcribed: deque[str] = deque(maxlen=_REMEMBERED)
        self._pending_results = PendingResults()
        self._interruptions = Interruptions(self._ids, self.responses, self._pending_results)
        self._resumption = Resumption(self._ids, recap_heading)
        self._user_speaking = False
        """As the server hears it."""
        self._in_trouble = self._has_given_up = False
        """The server's last event was an error that was shown: perhaps that ended the answer. None since `give_up`."""
        self._push_to_talk = PushToTalk(self._ids)
        self._answer_expected = self._is_winding_up = False
        self.answers_silence = False
        """True while the newest answer is one that the server gave to the user's silence."""
        self._remote = RemoteCalls(self._ids, self._pending_results)
        self.turns = 0
        """Turns of the user so far, spoken and typed."""
        self._handlers: dict[type[e.ServerEvent], Callable[[Any], list[Action]]] = {
            e.SessionCreated: self._on_session,
            e.SessionUpdated: self._on_session,
            e.SpeechStarted: self._on_speech_started,
            e.SpeechStopped: self._on_speech_stopped,
            e.Committed: self._on_committed,
            e.TranscriptDelta: lambda e: [Show(told.UserTranscriptDelta(e.text, e.item_id))] if e.text else [],
            e.TranscriptCompleted: self._on_transcript,
            e.TranscriptFailed: self._on_transcript_failed,
            e.ResponseCreated: self._on_response_created,
            e.OutputItemDone: self._on_item_done,
            e.ArgumentsDone: self._on_arguments,
            e.AudioDelta: self._on_audio,
            e.AudioDone: self._on_audio_done,
            e.TextDelta: self._on_text,
            e.TextDone: self._on_text,
            e.ResponseDone: self._on_response_done,
            e.ErrorEvent: self._on_error,
            e.MalformedEvent: lambda event: [Show(told.ErrorShown(event.reason, "malformed_event"))],
            e.TimeoutTriggered: self._on_timeout,
        }

    @property
    def idle(self) -> bool:
        """True while nobody speaks, nothing is being answered and no tool runs."""
        goes_on = self._waits or self._remote.pending or self.user_heard or not self.online
        return not (goes_on or any(response.active or response.unanswered for response in self.responses))

    @property
    def patience_s(self) -> float | None:
        """Longest silence of the server until `give_up`, in seconds; None while nothing is expected of it."""
        if self._push_to_talk.held or not self.online:
            return None
        if self._user_speaking:
            return SPEAKING_S
        running = self.responses.running
        if any(not response.interrupted for response in running) and not self._in_trouble:
            return RUNNING_S
        return ANSWER_S if running or self._waits else None

    @property
    def farewell(self) -> bool:
        """True where the agent has ended the conversation, and the user has not spoken since."""
        return self._pending_results.farewell

    @property
    def _waits(self) -> bool:
        return self._is_due or self._gate.busy or self._pending_results.waiting

    @property
    def _is_due(self) -> bool:
        """Whether a response may begin at any moment: the user's turn is over, or ours is asked for."""
        return self._answer_expected or self._gate.asked

    @property
    def online(self) -> bool:
        """Whether there is a connection that was told of the session."""
        return self._resumption.online

    @property
    def user_heard(self) -> bool:
        """Whether the user speaks, or holds the key that says so."""
        return self._user_speaking or self._push_to_talk.held

    def open(self, session: dict[str, Any], earlier: Earlier = ()) -> list[Action]:
        """Ask for the session's settings, and tell what was said `earlier`; the first thing after connecting."""
        self._declared.asked = session
        return self._resumption.open(session, earlier)

    def handle(self, event: e.ServerEvent) -> list[Action]:
        """Take one event of the server."""
        self._in_trouble = self._has_given_up = False
        return self._settle(self._handlers.get(type(event), self._remote.handle)(event))

    def user_typed(self, text: str) -> list[Action]:
        """Take a turn the user typed: it interrupts like a spoken one, and is answered."""
        self.turns += 1
        interrupted, item = self._interrupt(), user_text_item(text)
        actions = [*interrupted, Show(told.UserTyped(text)), Send(CreateItem(self._ids.next(), item))]
        self._gate.want()
        return self._settle(actions)

    def sound_queued(self) -> list[Action]:
        """Take that sound of the program's own goes to the player: the next interruption stops it too."""
        self._interruptions.plays_own_sound = True
        return []

    def talk_started(self) -> list[Action]:
        """Take the press of the key: the server detects no turns, so we interrupt, cancel and truncate for it."""
        if self._push_to_talk.held:
            return []
        self._push_to_talk.held = True
        return self._settle([*self._interrupt(), Show(told.UserSpeech(started=True))])

    def talk_ended(self, sent_ms: int) -> list[Action]:
        """Take the release of the key: what was sent meanwhile is a turn, unless it is too short to be one.

        Args:
            sent_ms: Audio of the microphone that went to the server since the press.
        """
        if not self._push_to_talk.held:
            return []
        if sent_ms >= LEAST_COMMIT_MS:
            self.turns += 1
            if self.online:
                self._gate.want()
        return self._settle([Show(told.UserSpeech(started=False)), *self._push_to_talk.release(sent_ms)])

    def tool_finished(self, result: ToolResult) -> list[Action]:
        """Take what a tool returned and pass it on, once."""
        response = next((r for r in self.responses if result.call_id in r.unanswered), None)
        if response is None:
            return []
        if self._pending_results.returned(response, result):
            self._gate.want(after_tools=True)
        item = function_output_item(result.call_id, result.output)
        shown = Show(told.ToolReturned(result.name, result.output, result.call_id, result.failed, result.cut_chars))
        return self._settle([shown, Send(CreateItem(self._ids.next(), item))])

    def approval_given(self, approval_id: str, *, approve: bool, reason: str = "") -> list[Action]:
        """Take the person's answer to `ApprovalAsked`, once."""
        return self._settle(self._remote.approve(approval_id, approve=approve, reason=reason))

    def playback_cut(self, cut: Cut) -> list[Action]:
        """Take what the device had taken when playback stopped: the server is to forget the rest."""
        return self._settle(self._interruptions.forget_unheard(cut))

    def ended(self, cut: Cut) -> list[Action]:
        """Leave what still sounds where it has come to: the conversation is over."""
        return self.responses.cut(cut.heard)

    def silenced(self, *, by_user: bool) -> list[Action]:
        """Give up what waits to be heard: somebody interrupts, or there has been no speaker for too long."""
        return self._settle(self._interrupt(by_user=by_user))

    def wind_up(self) -> list[Action]:
        """Ask for nothing more: what is under way is the last answer."""
        self._is_winding_up = True
        return []

    def give_up(self) -> list[Action]:
        """Wait no longer, for an answer or for the end of speech: the server has said nothing for `patience_s`."""
        if self._user_speaking:
            self._user_speaking = False
            return self._settle([Show(told.UserSpeech(started=False))])
        is_told = self._in_trouble or not (self._gate.busy or self.responses.running)
        actions: list[Action] = [] if is_told else [Show(told.ErrorShown("The server does not answer.", "no_answer"))]
        for response in self.responses.running:
            actions += [*response.cancel(self._ids), *response.give_up()]
            if response.take_follow_up():
                self._gate.want(after_tools=True)
        self._answer_expected, self._has_given_up = False, True
        self._gate.give_up()
        return self._settle(actions)

    def disconnected(self) -> list[Action]:
        """Take the loss of the connection: nothing more comes of what was under way; what is queued plays on."""
        owed = self._gate.busy or self._answer_expected or bool(self.responses.running) or self._has_given_up
        actions: list[Action] = [Show(told.UserSpeech(started=False))] if self._user_speaking else []
        for response in self.responses.running:
            actions += response.end("incomplete")
        self._user_speaking = self._answer_expected = False
        self._gate = ResponseGate()
        self._remote = RemoteCalls(self._ids, self._pending_results)
        calls = [call_id for response in self.responses for call_id in response.unanswered]
        self._resumption.disconnected(calls, self.responses.played_items)
        if self._push_to_talk.disconnected() or (owed and self._resumption.history.awaits_words):
            actions.append(_TURN_LOST)
        passed = self._resumption.pass_on(actions)
        if owed and self._resumption.history.awaits_answer:
            self._gate.want()
        return passed

    def reconnected(self, session: dict[str, Any]) -> list[Action]:
        """Tell a new connection the settings and the history, and ask it for the answer that is still owed."""
        return [*self._resumption.resume(session, self._push_to_talk.reconnected()), *self._request_response()]

    def _on_session(self, event: e.SessionCreated | e.SessionUpdated) -> list[Action]:
        is_new = self._resumption.note_session(event)
        started = told.SessionStarted(event.session_id, self._provider, event.model)
        shown: list[Action] = [Show(started)] if is_new else []
        return shown + (self._declared.take(event) if isinstance(event, e.SessionUpdated) else [])

    def _on_speech_started(self, _: e.SpeechStarted) -> list[Action]:
        self._user_speaking = True
        return [*self._interrupt(server_knows=True), Show(told.UserSpeech(started=True))]

    def _on_speech_stopped(self, event: e.SpeechStopped) -> list[Action]:
        self._user_speaking = False
        self._answer_expected = True
        self.turns += 1
        if self._resumption.turn_ended(event.item_id, event.audio_end_ms):
            self._gate.want()
        return [Show(told.UserSpeech(started=False))]

    def _on_committed(self, event: e.Committed) -> list[Action]:
        """A server that does not say where speech ends has heard it end by now."""
        self._resumption.history.user_spoke(event.item_id)
        if self._push_to_talk.taken():
            self._gate.want()
        return self._on_speech_stopped(e.SpeechStopped(event.item_id)) if self._user_speaking else []

    def _interrupt(self, *, by_user: bool = True, server_knows: bool = False) -> list[Action]:
        """Silence all that was asked for before, the speaker first."""
        self._gate.forget()
        self._transcribed.clear()
        self._answer_expected = self.answers_silence = False
        return self._interruptions.interrupt(by_user=by_user, cancels=not (server_knows and self._declared.interrupts))

    def _on_transcript(self, event: e.TranscriptCompleted) -> list[Action]:
        if event.item_id and event.item_id in self._transcribed:
            return []
        self._transcribed.append(event.item_id)
        text = event.text.strip()
        actions: list[Action] = [Show(told.UserTranscript(text, event.item_id))] if text else []
        return actions + ([Show(told.TranscriptionUsage(event.item_id, event.usage))] if event.usage else [])

    def _on_transcript_failed(self, event: e.TranscriptFailed) -> list[Action]:
        return [
            Show(told.ErrorShown(f"Your words could not be transcribed: {describe(event.error)}", event.error.code))
        ]

    def _on_response_created(self, event: e.ResponseCreated) -> list[Action]:
        known = self.responses.find(event.response_id) if event.response_id else None
        return [] if known is not None and known.active else self._begin(event.response_id)[1]

    def _begin(self, response_id: str) -> tuple[Response, list[Action]]:
        self._answer_expected = False
        is_stale = self._gate.response_created() or self._is_winding_up
        # A server has one response at a time: it does not say of each that it is over.
        actions = [action for response in self.responses.running for action in response.give_up()]
        response = Response(response_id)
        self.responses.add(response)
        if is_stale:
            # The answer to our response.create for an older turn; or nobody may pay for any more.
            response.interrupted = True
            return response, actions + response.cancel(self._ids)
        self._pending_results.response_began()
        self._push_to_talk.answered()
        return response, [*actions, Show(told.ResponseStarted(response_id))]

    def _response_of(self, response_id: str, *, begins: bool = False) -> tuple[Response, list[Action]]:
        """The response an event belongs to; one that a server never announced begins here, also by a used id."""
        response = self.responses.find(response_id)
        if response is None or (begins and response.state is State.DONE and self._is_due):
            return self._begin(response_id)
        return response, []

    def _on_audio(self, event: e.AudioDelta) -> list[Action]:
        response, actions = self._response_of(event.response_id, begins=True)
        response.audio_bytes += len(event.audio)
        if response.silenced:
            return [*actions, Trace("late audio of an interrupted answer is not played")]
        response.answer(event.item_id, self._resumption.history.add).play(event.content_index)
        return [*actions, PlayAudio(response.id, ItemKey(event.item_id, event.content_index), event.audio)]

    def _on_audio_done(self, event: e.AudioDone) -> list[Action]:
        response, actions = self._response_of(event.response_id)
        return actions + response.end_audio(event.item_id, event.content_index)

    def _on_text(self, event: e.TextDelta | e.TextDone) -> list[Action]:
        response, actions = self._response_of(event.response_id, begins=isinstance(event, e.TextDelta))
        if response.silenced or not (event.text or event.item_id in response.answers):
            return actions
        return actions + response.answer(event.item_id, self._resumption.history.add).take_text(event)

    def _on_item_done(self, event: e.OutputItemDone) -> list[Action]:
        if event.item.type != "function_call":
            return self._remote.item_done(event.item)
        response, actions = self._response_of(event.response_id)
        return actions + self.responses.take_call(response, event.item, self._server_tools)

    def _on_arguments(self, event: e.ArgumentsDone) -> list[Action]:
        response, actions = self._response_of(event.response_id)
        response.announce(event)
        return actions

    def _on_response_done(self, event: e.ResponseDone) -> list[Action]:
        response, actions = self._response_of(event.response_id)
        if response.state is State.DONE:
            return actions
        for item in response.calls_of(event):
            actions += self.responses.take_call(response, item, self._server_tools)
        actions += [*response.end(event.status or "completed", event.usage), *response.outcome(event)]
        if response.take_follow_up():
            self._gate.want(after_tools=True)
        return actions

    def _on_timeout(self, _: e.TimeoutTriggered) -> list[Action]:
        """Nobody has spoken for the server's `idle_timeout_ms`: it commits the silence and answers it."""
        self.answers_silence = True
        return [Trace("the server answers a silence")]

    def _on_error(self, event: e.ErrorEvent) -> list[Action]:
        error = event.error
        for response in self.responses.running:
            if response.cancel_id and response.cancel_id == error.event_id and code_of(error) == CANCEL_NOT_ACTIVE:
                return response.give_up()
        if self._gate.refused(error):
            return [Trace("a response runs already: ours is asked for again when it is done")]
        if refused := self._push_to_talk.refused(error):
            self._gate.forget()
            if self._push_to_talk.forget(refused):
                return [_TURN_LOST]
        if is_benign(error) or self._interruptions.caused(error.event_id) or self._resumption.caused(error.event_id):
            return [Trace(f"harmless: {describe(error)}")]
        self._in_trouble = True
        return ending(error) or [Show(told.ErrorShown(describe(error), error.code))]

    def _settle(self, actions: list[Action]) -> list[Action]:
        """Add the request that has become possible, and keep what outlives the connection."""
        return self._resumption.pass_on(actions + self._request_response())

    def _request_response(self) -> list[Action]:
        """Send the response.create that is wanted, as soon as the conversation is free for it."""
        free = self.online and not (self._is_winding_up or self.responses.running or self.user_heard)
        if self._pending_results.take_pending(free=free and not (self._answer_expected or self._gate.busy)):
            self._gate.want(after_tools=True)
        return [Send(event)] if (event := self._gate.take(self._ids, free=free)) else []
