"""Differences between systems in the embedded server, each with its reason."""

from __future__ import annotations

import ctypes
import os
import sys

_LONGEST_PATH = 32768


def plain_path(path: str) -> str:
    """Return a path as C libraries open it.

    On Windows they read names in its code page, not in UTF-8: a profile called `C:\\Users\\Иван` is not found. Its
    short form has letters of ASCII only, on drives that keep short names, as the first one does.
    """
    if sys.platform == "win32" and not path.isascii():
        short = ctypes.create_unicode_buffer(_LONGEST_PATH)
        if ctypes.windll.kernel32.GetShortPathNameW(path, short, _LONGEST_PATH):
            return short.value
    return path


def path_bytes(path: str) -> bytes:
    """Return the bytes of such a path: where Windows has no short form, those of its code page."""
    if sys.platform == "win32":
        return plain_path(path).encode("mbcs", "replace")
    return os.fsencode(path)
