"""Programs of PipeWire and JACK: those that `.ci/setup` has unpacked, else the system's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_UNPACKED = Path(__file__).parents[2] / "build" / "sound-servers"
_LIBRARIES = next(iter(sorted(_UNPACKED.glob("usr/lib/*-linux-*"))), _UNPACKED)
_FOLDERS = {
    "LD_LIBRARY_PATH": _LIBRARIES,
    "JACK_DRIVER_DIR": _LIBRARIES / "jack",
    "SPA_PLUGIN_DIR": _LIBRARIES / "spa-0.2",
    "PIPEWIRE_MODULE_DIR": _LIBRARIES / "pipewire-0.3",
    "PIPEWIRE_CONFIG_DIR": _UNPACKED / "usr/share/pipewire",
    "WIREPLUMBER_MODULE_DIR": next(iter(_LIBRARIES.glob("wireplumber-*")), _UNPACKED / "none"),
    "WIREPLUMBER_CONFIG_DIR": _UNPACKED / "usr/share/wireplumber",
    "WIREPLUMBER_DATA_DIR": _UNPACKED / "usr/share/wireplumber",
}
"""Folders that libraries and programs look into where a variable says so."""
PIPEWIRES_JACK = Path("pipewire-0.3") / "jack"
"""PipeWire's own JACK library, below the libraries."""
PIPEWIRE_PROGRAMS = ("pipewire", "pipewire-pulse", "wireplumber", "dbus-daemon", "pactl", "parec", "pacat")
_BUS = _UNPACKED / "usr/share/dbus-1/session.conf"
DBUS_SESSION = ("--nofork", f"--config-file={_BUS}" if _BUS.exists() else "--session")
"""Options of a session's bus."""
JACK_PROGRAMS = ("jackd", "jack_wait", "jack_connect")


def environment() -> dict[str, str]:
    """The variables by which programs find each other and their parts; nothing for parts that the system has."""
    found = {name: str(folder) for name, folder in _FOLDERS.items() if folder.is_dir()}
    return {**found, "PATH": f"{_UNPACKED / 'usr/bin'}{os.pathsep}{os.environ['PATH']}"}


def missing(programs: tuple[str, ...]) -> list[str]:
    """The programs that are not there."""
    return [program for program in programs if shutil.which(program, path=environment()["PATH"]) is None]


def library(name: str) -> Path | None:
    """A library below one of the folders for them, such as a plugin of ALSA's; None where it is missing."""
    for folder in (_LIBRARIES, Path("/usr/lib"), Path("/usr/lib64")):
        for path in folder.rglob(name):
            return path
    return None
