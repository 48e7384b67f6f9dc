"""Names for sessions, items, responses, calls and events."""

from __future__ import annotations

import secrets


def new_id(prefix: str) -> str:
    """Return a name that nobody else has, such as "item_3f0a9c1be2d47a60"."""
    return f"{prefix}_{secrets.token_hex(8)}"
