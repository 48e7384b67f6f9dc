"""Foreign text on a terminal: what a server or a device is called must not be able to steer the terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Return the text with control characters replaced by spaces; escape sequences lose their escape.

    Example:
        >>> printable("a\\x1b[31mb")
        'a [31mb'
    """
    return "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text)
