"""Lines that are broken between words, where a terminal would break them in the middle of one; and links to files."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TextIO

from cli.terminal.presence import can_draw


def wrapped(text: str, indent: int = 0, out: TextIO | None = None) -> str:
    """Return a text for a stream, its later lines indented; unbroken where nobody reads it from a terminal.

    Args:
        text: One paragraph.
        indent: Of the later lines.
        out: The stream; by default standard output.

    Example:
        >>> wrapped("All is well.")
        'All is well.'
    """
    out = out or sys.stdout
    if out is None or not out.isatty():
        return text
    columns = max(indent + 20, _columns(out))
    return textwrap.fill(text, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def linked(text: str, path: Path, out: TextIO) -> str:
    """Return a wrapped text in which a path can be clicked, on terminals that know links (OSC 8); others show the text.

    Example:
        >>> linked("Written to talk.wav.", Path("talk.wav"), sys.stdout)
        'Written to talk.wav.'
    """
    if not can_draw(out):
        return text
    link = f"\x1b]8;;{path.absolute().as_uri()}\x1b\\{path}\x1b]8;;\x1b\\"
    # Not within a word: a file may be called `e`.
    return re.sub(rf"(?<!\S){re.escape(str(path))}(?=\.?(\s|$))", lambda _: link, text)


def _columns(out: TextIO) -> int:
    try:
        return os.get_terminal_size(out.fileno()).columns or shutil.get_terminal_size().columns
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns
