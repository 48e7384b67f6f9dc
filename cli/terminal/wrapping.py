"""Lines that are broken between words, where a terminal would break them in the middle of one."""

from __future__ import annotations

import shutil
import sys
import textwrap


def wrapped(text: str, indent: int = 0) -> str:
    """Return a text for standard output, its later lines indented; unbroken where nobody reads it from a terminal.

    Example:
        >>> wrapped("All is well.")
        'All is well.'
    """
    if sys.stdout is None or not sys.stdout.isatty():
        return text
    columns = max(indent + 20, shutil.get_terminal_size().columns)
    return textwrap.fill(text, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
