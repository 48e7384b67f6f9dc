"""Depth to which an event may be nested: whatever walks through a deeper one would run out of stack."""

from __future__ import annotations

from typing import Any

DEEPEST = 64
"""Levels. No event of the protocol has more than a dozen, beside the schemas of tools."""


def is_deeper(value: Any, levels: int = DEEPEST) -> bool:
    """Whether parsed JSON has more levels of objects and lists than these.

    Example:
        >>> is_deeper({"a": [1]}, 2), is_deeper({"a": [[1]]}, 2)
        (False, True)
    """
    if not isinstance(value, dict | list):
        return False
    entries = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(entry, levels - 1) for entry in entries)
