"""The items that a client may put into a conversation, or into the context of one response."""

from __future__ import annotations

import json
from typing import Any

from engine.local.items import Items, Stored
from engine.local.protocol.validation import Need, Refusal, check_fields

_Object = dict[str, Any]
MAX_ITEM_CHARACTERS = 1 << 20
_MAX_AUDIO_CHARACTERS = 16 << 20
_MAX_IMAGE_CHARACTERS = 4 << 20
"""Kept, unlike sound, as by a model that sees nothing."""
_CONTENT_TYPES = {
    "user": ("input_audio", "input_text", "input_image"),
    "assistant": ("output_audio", "output_text"),
    "system": ("input_text",),
}
_BETA_PARTS = {"text": "output_text", "audio": "output_audio"}
_TEXT, _OPTIONAL = Need((str,), required=True), Need((str,))
_ANY_ITEM = dict.fromkeys(("type", "id", "object", "status"), _OPTIONAL)
_FIELDS = {
    "message": {"role": _TEXT, "content": Need((list,), required=True)},
    "function_call": {"name": _TEXT, "arguments": _TEXT, "call_id": _OPTIONAL},
    "function_call_output": {"call_id": _TEXT, "output": _TEXT},
}
"""The types of items a client may create, with their fields."""
_SOUND = {"transcript": _OPTIONAL, "audio": Need((str,), longest=_MAX_AUDIO_CHARACTERS)}
_IMAGE = {
    "image_url": Need((str,), required=True, longest=_MAX_IMAGE_CHARACTERS),
    "detail": Need((str,), choices=("auto", "low", "high")),
}
_PARTS = {"input_text": {"text": _TEXT}, "output_text": {"text": _TEXT}, "input_image": _IMAGE}
"""The types of parts with their fields; all others are sound."""


def checked_item(item: _Object, new_id: str, path: str = "item") -> _Object:
    """Return a client's item, complete and with an id.

    Raises:
        Refusal: it is no item that a client may create.
    """
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise Refusal(f"This server knows items of type {' or '.join(_FIELDS)}.", "invalid_value", f"{path}.type")
    check_fields(item, {**_ANY_ITEM, **_FIELDS[kind]}, f"{path}.")
    item = {**item, "id": item.get("id") or new_id, "object": "realtime.item", "status": "completed"}
    if kind == "message":
        item["content"] = _checked_content(item, path)
    if len(json.dumps(item, ensure_ascii=False)) - _media_characters(item) > MAX_ITEM_CHARACTERS:
        raise Refusal(f"An item has at most {MAX_ITEM_CHARACTERS} characters.", "invalid_value", path)
    return item


def _checked_content(item: _Object, path: str) -> list[_Object]:
    allowed = _CONTENT_TYPES.get(item["role"])
    if allowed is None:
        raise Refusal(f"The role is {' or '.join(_CONTENT_TYPES)}.", "invalid_value", f"{path}.role")
    content = []
    for index, part in enumerate(item["content"]):
        where = f"{path}.content[{index}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if item["role"] == "assistant" and isinstance(kind, str):
            kind = _BETA_PARTS.get(kind, kind)
        if kind not in allowed:
            raise Refusal(f"A message of this role has {' or '.join(allowed)}.", "invalid_value", f"{where}.type")
        check_fields(part, {"type": _OPTIONAL, **_PARTS.get(str(kind), _SOUND)}, f"{where}.")
        content.append({**part, "type": kind})
    return content


def _media_characters(item: _Object) -> int:
    return sum(len(part.get("audio") or part.get("image_url") or "") for part in item.get("content") or ())


def taken_audio(item: _Object) -> list[tuple[int, str]]:
    """Take the base64 sound out of a user's item, which is kept for its words; return it with its content index."""
    if item.get("role") != "user":
        return []
    content = item["content"]
    sounds = [(index, part["audio"]) for index, part in enumerate(content) if part.get("audio")]
    item["content"] = [{name: value for name, value in part.items() if name != "audio"} for part in content]
    return sounds


def context_of(entries: list[_Object], conversation: Items, make_id: str) -> Items:
    """Return the context that a response.create names in its `input`: new items, and references to known ones.

    Raises:
        Refusal: an entry is no item, or refers to none.
    """
    context = Items()
    for index, entry in enumerate(entries):
        path = f"response.input[{index}]"
        if entry.get("type") == "item_reference":
            check_fields(entry, {"type": _TEXT, "id": _TEXT}, f"{path}.")
            context.stored.append(conversation.find(entry["id"], param=f"{path}.id"))
            continue
        item = checked_item(entry, f"{make_id}_{index}", path)
        taken_audio(item)
        context.stored.append(Stored(item))
    return context
