"""The agent's side of a session: when it answers, to what, and which of its responses is the active one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from engine.local.answering.calls import Call, call_of
from engine.local.answering.dialog import END_TOOL, Say, anything_else, goodbye, obey, think
from engine.local.answering.response import Request, Response
from engine.local.answering.speak_json import speak_json
from engine.local.answering.speech import language_of
from engine.local.context import MAX_WAITING, ConversationContext
from engine.local.protocol.client_items import context_of
from engine.local.protocol.identifiers import new_id
from engine.local.protocol.usage import RATE_LIMITS, Tokens
from engine.local.protocol.validation import Refusal
from engine.local.tasks import Tasks

_Object = dict[str, Any]
_MAX_ASIDES = 8
STILL_THERE = Say("Are you still there?")


class Answers:
    """Starts, queues and cancels responses. In the conversation one is active at a time; out of band, several."""

    def __init__(self, context: ConversationContext) -> None:
        self._context = context
        self._turns = Tasks()
        self._running = Tasks()
        self._active: Response | None = None
        self._active_task: asyncio.Task[None] | None = None
        self._asides: dict[str, Response] = {}
        self._turn_item_id = ""
        self._known = Tokens()

    async def create(self, message: _Object) -> None:
        """Carry out a response.create.

        Raises:
            Refusal: a response is active, or the wishes cannot be met.
        """
        wishes = message.get("response") or {}
        is_aside = wishes.get("conversation") == "none"
        if self._active is not None and not is_aside:
            text = f"Conversation already has an active response in progress: {self._active.id}."
            raise Refusal(text, "conversation_already_has_active_response")
        if len(self._asides) >= _MAX_ASIDES:
            raise Refusal(f"There are already {_MAX_ASIDES} responses out of band.", "invalid_value", "response")
        entries = wishes.get("input")
        self._start(
            Request(
                settings=self._context.settings.for_response(wishes),
                context=self._context.items
                if entries is None
                else context_of(entries, self._context.items, new_id("item")),
                conversation=None if is_aside else self._context.items,
                metadata=wishes.get("metadata"),
                instructions=wishes.get("instructions") or "",
                known=self._known,
            )
        )

    async def cancel(self, message: _Object) -> None:
        """Carry out a response.cancel.

        Raises:
            Refusal: no such response is active.
        """
        asked = message.get("response_id")
        response = self._asides.get(asked) if asked in self._asides else self._active
        if response is None or (asked and asked != response.id):
            raise Refusal("Cancellation failed: no active response found.", "response_cancel_not_active")
        response.cancel("client_cancelled")

    def hear(self, item_id: str, *, interrupt: bool) -> None:
        """Learn that the user began to speak."""
        self._turn_item_id = item_id
        if interrupt and self._active is not None:
            self._active.cancel("turn_detected")

    async def have_room(self) -> None:
        """Wait while too many turns wait for their answers."""
        await self._turns.until_fewer_than(MAX_WAITING)

    def take_turn(self, item_id: str, transcription: asyncio.Task[None], *, respond: bool) -> None:
        """Answer one turn when it is understood and the answer before it has ended.

        Args:
            item_id: The user's item.
            transcription: Becomes the words of the turn.
            respond: Whether it is answered.
        """
        self._turns.start(self._answer_turn(item_id, transcription, respond))

    async def _answer_turn(self, item_id: str, transcription: asyncio.Task[None], respond: bool) -> None:
        await asyncio.wait([transcription])
        while respond and self._active_task is not None and not self._active_task.done():
            await asyncio.wait([self._active_task])
        vad = self._context.settings.vad
        # Who spoke on while this was being understood is listened to, not talked over.
        is_overtaken = vad is not None and vad.interrupt_response and item_id != self._turn_item_id
        if respond and not is_overtaken:
            self.start()

    def start(self, answer: Say | None = None) -> None:
        """Start a response to the conversation, with an answer or with what comes to mind; not while one is active."""
        if self._active is None:
            self._start(
                Request(
                    self._context.settings.for_response({}), self._context.items, self._context.items, known=self._known
                ),
                answer,
            )

    def _start(self, request: Request, answer: Say | None = None) -> None:
        response = Response(self._context, request)
        running = self._running.start(self._run(response, answer))
        if request.conversation is None:
            self._asides[response.id] = response
        else:
            self._active, self._active_task = response, running

    async def _run(self, response: Response, answer: Say | None) -> None:
        async def decide() -> Say | Call:
            return answer or await self._decide(response.request)

        try:
            outcome = await response.run(decide)
        finally:
            # Before the client learns of the end: its next response.create must not meet this one.
            if response.request.conversation is None:
                del self._asides[response.id]
            else:
                self._active, self._known = None, response.tokens
        self._context.idle_timeout.answered(response.audio_ms)
        await self._context.send("response.done", response=outcome)
        await self._context.send("rate_limits.updated", rate_limits=RATE_LIMITS)

    async def _decide(self, request: Request) -> Say | Call:
        # A client that commits and asks for the answer in one breath means what it has just committed.
        await self._context.transcriptions.all_done()
        if (words := obey(request.instructions)) is not None:
            return words
        question = request.context.question()
        answer = think(question or request.instructions, request.settings.functions, datetime.now().astimezone())
        if outputs := request.context.unanswered_outputs():
            if answer == Call(END_TOOL):
                return goodbye(question)
            return Say(" ".join(speak_json(output, language_of(question)) for output in outputs))
        called = answer.name if isinstance(answer, Call) else ""
        if (wanted := request.settings.required_functions) and called not in wanted:
            name = next(iter(wanted))
            return call_of(name, wanted[name], "", question)
        if called and not wanted and request.context.is_told:
            # Who asks twice, and a client whose request met one that was under way does, is not to wait for ever.
            return anything_else(question)
        return answer

    async def close(self) -> None:
        """Cancel what runs and wait for its end."""
        await self._turns.close()
        await self._running.close()
