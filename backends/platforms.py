"""Differences between systems in the backends, each with its reason."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.audio.platforms import WASAPI

CONVERTING = ("Windows DirectSound", "MME")
"""Host APIs of Windows that convert rates."""
MME_NAME_LENGTH = 31
"""MME cuts longer names off."""


def main_host_api(host_apis: Sequence[Mapping[str, Any]], first: int) -> int:
    """Return the index of the host API whose default devices are the system's, of those that PortAudio lists.

    PortAudio names MME on Windows, which is everywhere: it cuts names off and takes a tenth of a second longer.

    Args:
        host_apis: Each has a `name`.
        first: The one that PortAudio names.
    """
    return next((index for index, api in enumerate(host_apis) if api["name"] == WASAPI), first)


def decoded_name(name: bytes) -> str:
    """Return a device's name as text: some systems cut it in a letter; MME's come in the ANSI code page of Windows."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("mbcs" if sys.platform == "win32" else "utf-8", "replace")


def file_name(path: Path) -> Path | bytes:
    """Return a path as libsndfile takes it: by its bytes, which need not be UTF-8; Windows has letters instead."""
    return path if sys.platform == "win32" else os.fsencode(path)
