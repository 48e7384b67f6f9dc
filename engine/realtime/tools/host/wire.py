"""The wire between a session and its tool host: JSON objects, each behind its length, over a socket pair of their own.

To the host: first the `Order`, then `{"call": 1, "tool": "dial", "arguments": {...}}` and `{"cancel": 1}`. From it: for
each reference `{"loaded": "mytools:TOOLS", "tools": [...]}`, or why there are none; for each call its one answer.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 4 << 20
"""Largest object from a host, of which an output is 400 kB at most: more is none of ours."""
HEAD = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Order:
    """Order to a host: its tools and its limits."""

    references: tuple[str, ...]
    """Names of plugins, and `MODULE:OBJECT`s."""
    path: tuple[str, ...] = ()
    """Folders that modules are looked for in."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables beside the inherited environment, which has no keys."""
    nice: int = 0
    memory_mb: int | None = None


def packed(frame: Mapping[str, Any]) -> bytes:
    """Return an object as it goes over the wire.

    Example:
        >>> packed({"cancel": 1})
        b'\\x00\\x00\\x00\\r{"cancel": 1}'
    """
    data = json.dumps(frame).encode()
    return HEAD.pack(len(data)) + data
