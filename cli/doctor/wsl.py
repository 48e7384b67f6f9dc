"""`voice doctor` on Linux in Windows (WSL2): sound goes by ALSA's bridge to the server of WSLg, and so to Windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.doctor.findings import Finding, error, ok, warning
from engine.audio.device.sound_server import ask_server
from engine.files import expanded

_VERSION = Path("/proc/version")
"""Text about the system's kernel: Microsoft's says so."""
_SERVER = Path("/mnt/wslg/PulseServer")
_LIBRARIES = (Path("/usr/lib"), Path("/usr/lib64"))
_BRIDGE = "libasound_module_pcm_pulse.so"
_CONFIGURATIONS = ("~/.asoundrc", "~/.config/alsa/asoundrc", "/etc/asound.conf", "/etc/alsa/conf.d/*.conf")
_INSTALL = "`sudo apt install libasound2-plugins`"
_CONFIGURE = r"`printf 'pcm.!default pulse\nctl.!default pulse\n' >> ~/.asoundrc`"


def is_wsl() -> bool:
    """Whether this Linux runs in Windows."""
    try:
        return "microsoft" in _VERSION.read_text(encoding="utf-8", errors="replace").lower()
    except OSError:
        return False


def sound_server() -> Iterator[Finding]:
    """Whether WSLg's server answers, and whether PortAudio reaches it."""
    answers = ask_server(name_and_version, "")
    if answers:
        yield ok("sound server", f"{answers}, which plays on Windows")
        yield from _bridge()
    elif _SERVER.exists():
        export = f"`export PULSE_SERVER=unix:{_SERVER}`"
        fix = f"Run {export}, and add the line to ~/.profile; where it still does not, run `wsl --shutdown` in Windows."
        yield error("sound server", f"WSLg's is at {_SERVER}, and does not answer where PULSE_SERVER says", fix)
    else:
        fix = "In Windows run `wsl --update`, then `wsl --shutdown`, and try again; WSL 1 has no sound at all."
        yield warning("sound server", f"this is WSL without WSLg: there is no {_SERVER}", fix)


def name_and_version(server: Any) -> str:
    """Return the words of a sound server about itself, `ask_server`'s question."""
    info = server.server_info()
    return f"{info.server_name} {info.server_version}"


def _bridge() -> Iterator[Finding]:
    lacks = {
        _INSTALL: not any(path for folder in _LIBRARIES for path in folder.glob(f"**/{_BRIDGE}")),
        _CONFIGURE: not any(_names_pulse(path) for name in _CONFIGURATIONS for path in _files(name)),
    }
    commands = [command for command, is_missing in lacks.items() if is_missing]
    if commands:
        yield error(
            "alsa", "PortAudio cannot reach the sound server: ALSA is not set up for it", f"Run {', '.join(commands)}."
        )
    else:
        yield ok("alsa", "leads to the sound server")


def _files(name: str) -> list[Path]:
    try:
        path = expanded(name)
    except OSError:  # nobody knows this user's home
        return []
    return sorted(path.parent.glob(path.name))


def _names_pulse(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any("pulse" in line.partition("#")[0] for line in lines)
