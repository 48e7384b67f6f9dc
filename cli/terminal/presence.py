"""A person at a terminal: one that can be read from, and one that can be drawn on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import IO

from cli.platforms import is_in_front, takes_escape_sequences
from cli.terminal.writer import BackgroundWriter


def has_keyboard() -> bool:
    """Whether there is a terminal to read keys from; one that another program in front of us reads is none."""
    try:
        descriptor = sys.stdin.fileno()
        return os.isatty(descriptor) and is_in_front(descriptor)
    except (OSError, ValueError, AttributeError):
        return False


def can_draw(out: IO[str] | BackgroundWriter, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal on which the cursor moves."""
    return out.isatty() and environment.get("TERM") != "dumb" and takes_escape_sequences(out.fileno)
