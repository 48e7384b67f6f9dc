"""The conversation as the server keeps it: items in order, with the length of what was spoken of each."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from engine.local.protocol.usage import Tokens, tokens_of_item
from engine.local.protocol.validation import Refusal

_Object = dict[str, Any]
MAX_ITEMS = 2000
MAX_CHARACTERS = 8 << 20
"""Beyond either the oldest items are forgotten."""


@dataclass(slots=True, eq=False)
class Stored:
    """One item and what is only known here."""

    item: _Object
    characters: int = 0
    """Length of the item as JSON when it came."""
    audio_ms: int = 0
    """Audio of the user's words that was heard; of the agent's what was sent, less what was truncated."""
    samples: int = 0
    """The same as samples at the wire rate, before any truncation."""


@dataclass(slots=True)
class Items:
    """The conversation's items, oldest first."""

    stored: list[Stored] = field(default_factory=list)
    _characters: int = 0

    @property
    def tokens(self) -> Tokens:
        """Tokens of the whole conversation as input."""
        return sum((tokens_of_item(entry.item, entry.audio_ms) for entry in self.stored), Tokens())

    @property
    def has_agent_audio(self) -> bool:
        """Whether the agent has been heard."""
        return any(entry.samples for entry in self.stored)

    def add(self, item: _Object, previous_item_id: str | None = None, *, audio_ms: int = 0) -> str | None:
        """Insert an item behind another ("root": at the front; none: at the end); return the id before it.

        Args:
            item: A checked item.
            previous_item_id: The item it comes behind.
            audio_ms: Length of its audio.

        Raises:
            Refusal: there is no such previous item, the id is taken, or it is the result of a call nobody made.
        """
        if any(entry.item["id"] == item["id"] for entry in self.stored):
            raise Refusal(f"There is already an item '{item['id'][:64]}'.", "item_create_invalid_item_id", "item.id")
        if item["type"] == "function_call_output" and item["call_id"] not in self._calls():
            message = f"There is no call '{item['call_id'][:64]}' in this conversation."
            raise Refusal(message, "invalid_tool_call_id", "item.call_id")
        index = len(self.stored)
        if previous_item_id == "root":
            index = 0
        elif previous_item_id:
            index = self.stored.index(self.find(previous_item_id, param="previous_item_id")) + 1
        entry = Stored(item, len(json.dumps(item, ensure_ascii=False)), audio_ms)
        self.stored.insert(index, entry)
        self._characters += entry.characters
        before = self.stored[index - 1].item["id"] if index else None
        while len(self.stored) > MAX_ITEMS or self._characters > MAX_CHARACTERS:
            self._forget(self.stored[0])
        return before

    def _calls(self) -> set[str]:
        return {entry.item.get("call_id", "") for entry in self.stored if entry.item["type"] == "function_call"}

    def _forget(self, entry: Stored) -> None:
        self.stored.remove(entry)
        self._characters -= entry.characters

    def find(self, item_id: str, verb: str = "", param: str | None = None) -> Stored:
        """Return an item by id; the protocol has an error of its own for each of retrieve, delete and truncate.

        Raises:
            Refusal: there is none.
        """
        for entry in self.stored:
            if entry.item["id"] == item_id:
                return entry
        if not verb:
            raise Refusal(f"There is no item '{item_id[:64]}' in this conversation.", "item_not_found", param)
        message = f"Error {verb[:-1]}ing item: the item with id '{item_id[:64]}' does not exist."
        raise Refusal(message, f"item_{verb}_invalid_item_id")

    def delete(self, item_id: str) -> None:
        """Forget an item.

        Raises:
            Refusal: there is none of that id.
        """
        self._forget(self.find(item_id, "delete"))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut an answer's audio, and its text in proportion.

        Args:
            item_id: An answer of the agent.
            content_index: Its part that holds audio.
            audio_end_ms: Length of the audio that is kept.

        Raises:
            Refusal: it is no spoken answer, or is shorter than that.
        """
        entry = self.find(item_id, "truncate")
        content = entry.item.get("content") or []
        if entry.item.get("role") != "assistant":
            raise Refusal("Only the agent's messages can be truncated.", "invalid_value", "item_id")
        if not 0 <= content_index < len(content) or content[content_index]["type"] != "output_audio":
            raise Refusal("There is no audio at this content_index.", "invalid_value", "content_index")
        if audio_end_ms < 0 or audio_end_ms > entry.audio_ms:
            message = f"Audio content of {entry.audio_ms}ms is already shorter than {audio_end_ms}ms"
            raise Refusal(message, "invalid_value", "audio_end_ms")
        words = str(content[content_index].get("transcript", "")).split()
        kept = len(words) * audio_end_ms // max(entry.audio_ms, 1)
        content[content_index]["transcript"] = " ".join(words[:kept])
        entry.audio_ms = audio_end_ms

    def unanswered_outputs(self) -> list[str]:
        """Results of the tools called since the last message, oldest first.

        The result of a call from before the user's last words is not among them: those words want an answer first.
        """
        tail: list[_Object] = []
        for entry in reversed(self.stored):
            if entry.item["type"] == "message":
                break
            tail.insert(0, entry.item)
        calls = {item.get("call_id") for item in tail if item["type"] == "function_call"}
        outputs = [item for item in tail if item["type"] == "function_call_output"]
        return [item["output"] for item in outputs if item["call_id"] in calls]

    @property
    def is_told(self) -> bool:
        """Whether the agent had the last word, and told there what its tools had found for the user's last words."""
        if not self.stored or self.stored[-1].item.get("role") != "assistant":
            return False
        since = itertools.takewhile(lambda entry: entry.item.get("role") != "user", reversed(self.stored))
        return any(entry.item["type"] == "function_call_output" for entry in since)

    def question(self) -> str:
        """The words to answer: the last message behind the agent's own, or the user's last; empty without any."""
        messages = [entry.item for entry in reversed(self.stored) if "role" in entry.item]
        behind = next((item for item in messages[:1] if item["role"] != "assistant"), None)
        asked = behind or next((item for item in messages if item["role"] == "user"), {})
        parts = asked.get("content") or []
        return " ".join(str(part.get("text") or part.get("transcript") or "") for part in parts).strip()
