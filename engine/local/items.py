"""The conversation as the server keeps it: items in order, with the length of what was spoken of each."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from engine.local.validation import Refusal

_Object = dict[str, Any]
MAX_ITEMS = 2000
"""Beyond this the oldest are forgotten."""
_CONTENT_TYPES = {
    "user": {"input_text", "input_audio"},
    "assistant": {"output_text", "output_audio"},
    "system": {"input_text"},
}


@dataclass(slots=True)
class Stored:
    """One item and what is only known here."""

    item: _Object
    audio_ms: int = 0
    """Spoken audio that was sent of it, less what was truncated."""
    samples: int = 0
    """The same as samples at the wire rate, before any truncation."""


@dataclass(slots=True)
class Items:
    """The conversation's items, oldest first."""

    stored: list[Stored] = field(default_factory=list)

    def add(self, item: _Object, previous_item_id: str | None = None) -> str | None:
        """Insert an item behind another ("root": at the front; None: at the end); return the id before it.

        Raises:
            Refusal: there is no such previous item, or the id is taken.
        """
        if any(entry.item["id"] == item["id"] for entry in self.stored):
            raise Refusal(f"There is already an item '{item['id']}'.", "item_create_invalid_item_id", "item.id")
        index = len(self.stored)
        if previous_item_id == "root":
            index = 0
        elif previous_item_id is not None:
            index = self.stored.index(self.find(previous_item_id, "previous_item_id")) + 1
        self.stored.insert(index, Stored(item))
        before = self.stored[index - 1].item["id"] if index else None
        del self.stored[:-MAX_ITEMS]
        return before

    def find(self, item_id: str, param: str = "item_id") -> Stored:
        """Return an item by id.

        Raises:
            Refusal: there is none.
        """
        for entry in self.stored:
            if entry.item["id"] == item_id:
                return entry
        raise Refusal(f"There is no item '{item_id}' in this conversation.", "item_not_found", param)

    def delete(self, item_id: str) -> None:
        """Forget an item.

        Raises:
            Refusal: there is none of that id.
        """
        self.stored.remove(self.find(item_id))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut an answer's audio, and its text in proportion.

        Raises:
            Refusal: it is no spoken answer, or is shorter than that.
        """
        entry = self.find(item_id)
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
        """Results of tools since the last message, oldest first."""
        outputs: list[str] = []
        for entry in reversed(self.stored):
            if entry.item["type"] == "function_call_output":
                outputs.insert(0, str(entry.item.get("output", "")))
            elif entry.item["type"] == "message":
                break
        return outputs

    def last_user_text(self) -> str:
        """What the user said or typed last; empty if nothing."""
        for entry in reversed(self.stored):
            if entry.item.get("role") == "user":
                parts = entry.item.get("content") or []
                return " ".join(str(part.get("text") or part.get("transcript") or "") for part in parts).strip()
        return ""


def checked_item(item: _Object, new_id: str) -> _Object:
    """Return a client's item, complete and with an id.

    Raises:
        Refusal: it is no item that a client may create.
    """
    item = copy.deepcopy(item)
    kind = item.get("type")
    if kind == "message":
        _check_message(item)
    elif kind in ("function_call", "function_call_output"):
        for name in ("call_id", "output") if kind == "function_call_output" else ("name", "arguments"):
            if not isinstance(item.get(name), str):
                raise Refusal(f"'item.{name}' must be a string.", "missing_required_parameter", f"item.{name}")
    else:
        raise Refusal(f"This server knows no items of type {kind!r}.", "invalid_value", "item.type")
    given = item.get("id")
    if given is not None and not isinstance(given, str):
        raise Refusal("'item.id' must be a string.", "invalid_type", "item.id")
    return {**item, "id": given or new_id, "object": "realtime.item", "status": "completed"}


def _check_message(item: _Object) -> None:
    allowed = _CONTENT_TYPES.get(str(item.get("role")))
    if allowed is None:
        raise Refusal("The role is 'user', 'assistant' or 'system'.", "invalid_value", "item.role")
    if not isinstance(item.get("content"), list):
        raise Refusal("Missing required parameter: 'item.content'.", "missing_required_parameter", "item.content")
    for index, part in enumerate(item["content"]):
        where = f"item.content[{index}]"
        if not isinstance(part, dict) or part.get("type") not in allowed:
            raise Refusal(f"A {item['role']} message has {sorted(allowed)}.", "invalid_value", f"{where}.type")
        if part["type"].endswith("_text") and not isinstance(part.get("text"), str):
            raise Refusal(f"'{where}.text' must be a string.", "missing_required_parameter", f"{where}.text")
