"""Foreign text that is shown: no server, file, device, plugin or client may steer the terminal, or whoever reads it.

`printable` is for names, sentences, questions and logs; `spoken` for what is said in a conversation, in which emoji and
some scripts need characters without width; `json_text` for JSON, which keeps every character, escaped.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_OVERRIDE = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of text: what is read is then not what was written."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Letters and marks that show nothing, beside those of the category Cf."""
_ESCAPED = re.compile("[\ud800-\udfff\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def spoken(text: str) -> str:
    """Return the text without overrides, and with a space for each control character: escape sequences are none then.

    Example:
        >>> spoken("a\\x1b[31mb \\u202eeteled")
        'a [31mb eteled'
    """
    return text if text.isprintable() else _OVERRIDE.sub("", _CONTROL.sub(" ", text))


def printable(text: str) -> str:
    """Return the text as `spoken` does, without any invisible character.

    Example:
        >>> printable("pay\\u200bpal.example")
        'paypal.example'
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _INVISIBLE.sub("", spoken(text))
    return "".join(character for character in shown if unicodedata.category(character) != "Cf")


def json_text(value: Any, indent: int | None = None) -> str:
    r"""Return JSON in which letters stand as they are, and what could steer a terminal or break a line is escaped.

    Example:
        >>> print(json_text({"name": "Лампа\u202e\x9b"}))
        {"name": "Лампа\u202e\u009b"}
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
