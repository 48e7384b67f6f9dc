"""`voice` installed from a wheel as a person installs it, by pipx or uv, in a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_INSTALL_S = 1200
_COMMAND_S = 1200
"""The first command compiles the kernels, maybe on a busy machine."""
_EXTRAS = "[local,mcp]"
"""Extras, as `make run` installs them."""
INSTALLERS = {
    "pipx": ("pipx", "install", "--python", sys.executable),
    "uv": ("uv", "tool", "install", "--python", sys.executable),
}
_HOST = ("PATH", "LANG", "LC_ALL")
_INDEX = ("PIP_", "SSL_", "REQUESTS_", "http_", "https_", "no_", "HTTP_", "HTTPS_", "NO_")
"""Beginnings of the names of variables that tell how packages are reached from here."""


@dataclass(frozen=True)
class Installed:
    """The program and what it may use, all of it in one folder."""

    folder: Path
    environment: dict[str, str]

    @property
    def voice(self) -> Path:
        """The command."""
        return self.folder / "bin" / "voice"

    def run(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command outside every checkout, with what is said on standard input."""
        return subprocess.run(
            [self.voice, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=said,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        )

    @property
    def packages(self) -> Path:
        """The folder of the installed distributions."""
        return next((self.folder / "tools").rglob("site-packages"))


def install(installer: str, wheel: Path, folder: Path) -> Installed:
    """Install the wheel's file into an empty folder; what an installer has downloaded before is not fetched again."""
    tools = str(folder / "tools")
    environment = {
        **{name: value for name, value in os.environ.items() if name in _HOST or name.startswith(_INDEX)},
        "HOME": str(folder),
        "PIPX_HOME": tools,
        "PIPX_BIN_DIR": str(folder / "bin"),
        "PIP_CACHE_DIR": _cache("pip"),
        "UV_TOOL_DIR": tools,
        "UV_TOOL_BIN_DIR": str(folder / "bin"),
        "UV_CACHE_DIR": _cache("uv"),
        "PULSE_SERVER": "unix:/nonexistent",
    }
    command, *arguments = INSTALLERS[installer]
    run = subprocess.run(
        [Path(sys.executable).with_name(command), *arguments, f"{wheel}{_EXTRAS}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_INSTALL_S,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stdout + run.stderr)
    return Installed(folder, environment)


def _cache(name: str) -> str:
    return os.environ.get(f"{name.upper()}_CACHE_DIR") or str(Path.home() / ".cache" / name)
