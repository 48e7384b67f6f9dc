"""History of the conversation, as a new session of the server must learn it: bounded, and cut to what was heard."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.realtime.conversation.answers import Answer
from engine.realtime.protocol.client_items import function_call_item, function_output_item, user_text_item
from engine.realtime.session_events import SessionEvent, ToolCalled, ToolReturned, UserTranscript, UserTyped

MAX_ENTRIES = 200
MAX_CHARACTERS = 24_000
"""A quarter of the smallest context, 32k tokens, even in Russian; beyond either the oldest are forgotten."""
_MAX_OUTPUT = 4000
"""Characters of one tool's output that are told again."""


@dataclass(slots=True)
class Said:
    """Words of the user; empty while they are not known."""

    item_id: str
    text: str = ""

    def items(self) -> list[dict[str, Any]]:
        """The item that tells it."""
        text = self.text.strip()
        return [user_text_item(text)] if text else []

    def line(self) -> str:
        """The line of a recap that tells it."""
        text = " ".join(self.text.split())
        return f"User: {text}" if text else ""


@dataclass(slots=True)
class Used:
    """A tool of ours, and what it returned; None while it runs."""

    call_id: str
    name: str
    arguments: str
    text: str | None = None

    def returned(self, output: str) -> Used:
        """Take what it returned, as much of it as is told again."""
        self.text = output if len(output) <= _MAX_OUTPUT else f"{output[:_MAX_OUTPUT]} [cut]"
        return self

    def items(self) -> list[dict[str, Any]]:
        """The call and its output, which a server accepts only together."""
        if self.text is None:
            return []
        call = function_call_item(self.call_id, self.name, self.arguments)
        return [call, function_output_item(self.call_id, self.text)]

    def line(self) -> str:
        """The line of a recap that tells it."""
        return "" if self.text is None else f"The tool {self.name}({self.arguments}) returned: {self.text}"


Entry = Said | Answer | Used


def recap_of(entries: Iterable[Entry]) -> str:
    """Words of both sides as lines, for a server that refuses the agent's words as items; empty if there are none."""
    return "\n".join(filter(None, (entry.line() for entry in entries)))


class History:
    """Keeps the newest of a conversation.

    Example:
        >>> history = History()
        >>> history.note(UserTranscript("How late is it?", "item_1"))
        >>> history.entries
        [Said(item_id='item_1', text='How late is it?')]
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = list(entries)

    def user_spoke(self, item_id: str) -> None:
        """Note that the user ended a turn; its words come later, perhaps after the answer to them."""
        said = self._said(item_id) if item_id else None
        if said is None or (said.text and said is not self._entries[-1]):  # an id that is used again
            self.add(Said(item_id))

    def add(self, entry: Entry) -> None:
        """Remember what is newest; its words may come later, or never."""
        self._entries.append(entry)
        self._forget_oldest()

    def note(self, event: SessionEvent) -> None:
        """Take what the conversation shows."""
        match event:
            case UserTranscript(text, item_id):
                self._words_of_user(text, item_id)
            case UserTyped(text):
                self.add(Said("", text))
            case ToolCalled(name, arguments, call_id, server_side=False):
                self.add(Used(call_id, name, json.dumps(arguments, ensure_ascii=False)))
            case ToolReturned(_, output, call_id):
                used = self.call(call_id)
                if used is not None:
                    used.returned(output)
                self._forget_oldest()

    def call(self, call_id: str) -> Used | None:
        """The newest call of a tool by that id, if it is remembered."""
        used = (entry for entry in reversed(self._entries) if isinstance(entry, Used) and entry.call_id == call_id)
        return next(used, None)

    @property
    def awaits_answer(self) -> bool:
        """Whether the last that was said or returned is for the agent to answer, and its words are known."""
        last = self._entries[-1] if self._entries else None
        return last is not None and bool(last.text) and (not isinstance(last, Answer))

    @property
    def awaits_words(self) -> bool:
        """Whether the last turn is the user's, and its words are not known."""
        last = self._entries[-1] if self._entries else None
        return isinstance(last, Said) and not last.text

    @property
    def entries(self) -> list[Entry]:
        """Everything, oldest first; what becomes of an entry is seen in it later."""
        self._forget_oldest()  # answers have grown
        return list(self._entries)

    def _words_of_user(self, text: str, item_id: str) -> None:
        said = self._said(item_id) if item_id else None
        if said is None:
            self.add(Said(item_id, text))
        else:
            said.text = text
            self._forget_oldest()

    def _said(self, item_id: str) -> Said | None:
        said = (entry for entry in reversed(self._entries) if isinstance(entry, Said) and entry.item_id == item_id)
        return next(said, None)

    def _forget_oldest(self) -> None:
        characters = sum(len(entry.text or "") for entry in self._entries)
        while len(self._entries) > MAX_ENTRIES or (characters > MAX_CHARACTERS and len(self._entries) > 1):
            characters -= len(self._entries.pop(0).text or "")
