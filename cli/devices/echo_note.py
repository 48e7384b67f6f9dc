"""Note on the echo: by how much a session, or `voice devices test`, last made it quieter, and on which devices."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from engine.audio.types import StreamInfo
from engine.files import make_private_folder, write_private


def note_echo(info: StreamInfo, erle_db: float | None) -> None:
    """Keep a figure in the place of the one before; nothing where there is none, or where it cannot be written."""
    if erle_db is None:
        return
    note = {"pair": _pair(info), "erle_db": erle_db, "day": time.strftime("%Y-%m-%d")}
    with contextlib.suppress(OSError):
        make_private_folder(_path().parent)
        write_private(_path(), json.dumps(note).encode())


def noted_echo(info: StreamInfo) -> str:
    """Return by how much the echo got quieter on this pair of devices, in words; "" where that is not known."""
    try:
        note = json.loads(_path().read_bytes())
        return f"{note['erle_db']:.0f} dB on {note['day']}" if note["pair"] == _pair(info) else ""
    except (OSError, ValueError, TypeError, LookupError):
        return ""


def _pair(info: StreamInfo) -> list[str | None]:
    return [side.device if side else None for side in (info.input, info.output)]


def _path() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - only who measures or examines needs it

    return user_state_path("voice", appauthor=False) / "echo.json"
