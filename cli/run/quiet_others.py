"""Turns other programs down while the agent speaks, through PulseAudio or PipeWire, and up again on every way out."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.errors import LibraryMissingError
from engine.files import make_private_folder, write_private

_QUIET = 10 ** (-20 / 60)
"""20 dB less: the server's volumes are cubic."""
_POLL_S = 0.1
_LEAVE_S = 1.0
"""Longest wait for a server that hangs."""


@contextlib.contextmanager
def quiet_others(is_speaking: Callable[[], bool], *, wanted: bool) -> Iterator[None]:
    """Turn others down whenever `is_speaking` says so; what a killed run has left turned down is turned up at any rate.

    Args:
        is_speaking: Asked ten times a second, from a thread.
        wanted: False only puts in order what an earlier run has left.

    Raises:
        LibraryMissingError: it is wanted, and there is nobody to ask for it.
    """
    if not wanted and not _path().exists():
        yield
        return
    try:
        import pulsectl  # noqa: PLC0415 - Linux only
    except (ImportError, OSError):
        if not wanted:
            yield
            return
        raise LibraryMissingError(
            "Other programs can be turned down through PulseAudio and PipeWire only.", fix="Leave --quiet-others out."
        ) from None
    leaving = threading.Event()

    def turn() -> None:
        with contextlib.suppress(pulsectl.PulseError, OSError), pulsectl.Pulse("voice", connect=False) as server:
            server.connect(autospawn=False)
            others = _Others(server)
            others.turn_up()
            while wanted and not leaving.wait(_POLL_S):
                if is_speaking():
                    others.turn_down()
                else:
                    others.turn_up()
            others.turn_up()

    turning = threading.Thread(target=turn, name="voice-quiet-others", daemon=True)
    turning.start()
    try:
        yield
    finally:
        leaving.set()
        turning.join(_LEAVE_S)


class _Others:
    """Streams of other programs, and the volumes that they had: also in a file, for the case that we are killed."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._had: dict[str, float] = {}
        with contextlib.suppress(OSError, ValueError):
            self._had = json.loads(_path().read_bytes())

    def turn_down(self) -> None:
        """Turn down those that are loud, also such as have begun meanwhile."""
        new = [(key, stream) for key, stream in self._streams() if key not in self._had]
        if new:
            self._had |= {key: stream.volume.value_flat for key, stream in new}
            make_private_folder(_path().parent)
            write_private(_path(), json.dumps(self._had).encode())
        for _, stream in new:
            self._server.volume_set_all_chans(stream, stream.volume.value_flat * _QUIET)

    def turn_up(self) -> None:
        """Give all their volumes back, but for those that the person has changed meanwhile."""
        if not self._had:
            return
        for key, stream in self._streams():
            had = self._had.get(key)
            if had is not None and abs(stream.volume.value_flat - had * _QUIET) < 0.01:
                self._server.volume_set_all_chans(stream, had)
        self._had = {}
        _path().unlink(missing_ok=True)

    def _streams(self) -> list[tuple[str, Any]]:
        """Streams of other programs with a name that another start of the server gives to nobody else."""
        return [
            (f"{stream.index} {stream.proplist.get('application.process.id')} {stream.name}", stream)
            for stream in self._server.sink_input_list()
            if stream.proplist.get("application.process.id") not in (None, str(os.getpid()))
        ]


def _path() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415

    return user_state_path("voice", appauthor=False) / "turned-down.json"
