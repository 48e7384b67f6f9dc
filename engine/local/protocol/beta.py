"""The protocol's beta: its sessions translated to GA's, and GA's events named as its clients know them."""

from __future__ import annotations

from typing import Any

from engine.local.protocol.client_schema import BETA_FORMATS, BETA_SESSION
from engine.realtime.protocol.beta import GA_NAMES, GA_PLACES

_Object = dict[str, Any]
_BETA_NAMES = {ga: beta for beta, ga in GA_NAMES.items()}
_PARTS = {"output_text": "text", "output_audio": "audio"}


def ga_shape(values: _Object) -> _Object:
    """Return a session, or the wishes of a response, with the beta's fields at their place in GA.

    Example:
        >>> ga_shape({"voice": "ash", "modalities": ["text"]})
        {'output_modalities': ['text'], 'audio': {'output': {'voice': 'ash'}}}
    """
    shaped = {name: value for name, value in values.items() if name not in BETA_SESSION}
    for name, path in GA_PLACES.items():
        if name not in values:
            continue
        value = values[name]
        if value is not None and name.endswith("_format"):
            value = {"type": BETA_FORMATS[value], "rate": 24000}
        inner = shaped
        for step in path[:-1]:
            inner[step] = dict(inner.get(step) or {})
            inner = inner[step]
        inner.setdefault(path[-1], value)
    return shaped


def beta_events(event: _Object) -> list[_Object]:
    """Return what a server of the beta sends in place of one of GA's events.

    Example:
        >>> beta_events({"type": "response.output_text.delta", "delta": "Hi"})
        [{'type': 'response.text.delta', 'delta': 'Hi'}]
    """
    kind = event["type"]
    if kind == "conversation.item.added":
        return [_with_old_parts({**event, "type": "conversation.item.created"})]
    if kind == "conversation.item.done":
        return []
    if kind in ("session.created", "session.updated"):
        return [{**event, "session": _beta_session(event["session"])}]
    return [_with_old_parts({**event, "type": _BETA_NAMES.get(kind, kind)})]


def _beta_session(session: _Object) -> _Object:
    shaped = {name: value for name, value in session.items() if name not in ("type", "audio", "output_modalities")}
    old_formats = {new: old for old, new in BETA_FORMATS.items()}
    for name, path in GA_PLACES.items():
        value: Any = session
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        shaped[name] = old_formats[value["type"]] if name.endswith("_format") and value else value
    return shaped


def _with_old_parts(value: Any) -> Any:
    """Return a copy in which the parts of messages have their old types."""
    if isinstance(value, dict):
        copy = {name: _with_old_parts(inner) for name, inner in value.items()}
        if copy.get("type") in _PARTS:
            copy["type"] = _PARTS[copy["type"]]
        return copy
    return [_with_old_parts(inner) for inner in value] if isinstance(value, list) else value
