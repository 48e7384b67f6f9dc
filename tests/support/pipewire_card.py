"""The sound card of `soundcard` on a PipeWire of our own, with WirePlumber and PulseAudio's protocol, as on a desktop.

PortAudio sees it through ALSA's plugin for PipeWire, which is ALSA's default.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.support import sound_servers
from tests.support.soundcard import SoundCard

_READY_S = 30.0
_PLUGIN = "libasound_module_pcm_pipewire.so"
_ALSA = """
pcm_type.pipewire {{ lib "{plugin}" }}
pcm.pipewire {{ type pipewire hint {{ show on description "PipeWire" }} }}
pcm.!default {{ type pipewire hint {{ show on description "default" }} }}
"""
_DAEMONS = ("pipewire", "wireplumber", "pipewire-pulse")


def missing_parts() -> list[str]:
    """Names of the programs and libraries that this system lacks for it."""
    plugin = [] if sound_servers.library(_PLUGIN) else [_PLUGIN]
    return sound_servers.missing(sound_servers.PIPEWIRE_PROGRAMS) + plugin


class PipewireCard(SoundCard):
    """The running servers."""

    record_latency_ms = 100
    """PipeWire's whole graph runs as fast as its most impatient client."""

    def __init__(self, *, jack: bool = False) -> None:
        """Make a card; with `jack`, clients of JACK meet PipeWire too, by its own library."""
        super().__init__()
        folder = self._folder
        (folder / "asound.conf").write_text(_ALSA.format(plugin=sound_servers.library(_PLUGIN)))
        self.env = {
            **sound_servers.environment(),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "ALSA_CONFIG_PATH": f"{folder}/asound.conf",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/bus",
        }
        library = sound_servers.library(str(sound_servers.PIPEWIRES_JACK / "libjack.so.0")) if jack else None
        if library is not None:
            self.env["LD_LIBRARY_PATH"] = f"{library.parent}:{self.env.get('LD_LIBRARY_PATH', '')}"
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the servers, and plug the card in."""
        self._run("dbus-daemon", *sound_servers.DBUS_SESSION, f"--address={self.env['DBUS_SESSION_BUS_ADDRESS']}")
        self._wait_until((self._folder / "bus").exists)
        for daemon in _DAEMONS:
            self._run(daemon)
            if daemon == "pipewire":
                self._wait_until((self._folder / "pipewire-0").exists)
        self._wait_until(lambda: self._asks("info"))
        self.add_sink("vspk")
        self.add_sink("vcable")
        self.pactl("load-module", "module-remap-source", "master=vcable.monitor", "source_name=vmic")
        self._wait_until(lambda: self._asks("set-default-sink", "vspk") and self._asks("set-default-source", "vmic"))
        self._wait_until(lambda: {"vspk", "vmic"} <= set(self.pactl("info").split()))

    def end_server(self) -> None:
        """Kill the servers; `start` begins them again."""
        daemons, self._daemons = self._daemons, []
        for daemon in reversed(daemons):
            daemon.kill()
            daemon.wait()
        for left in ("bus", "pipewire-0"):
            (self._folder / left).unlink(missing_ok=True)

    @property
    def server(self) -> int:
        """The process of PipeWire itself."""
        return self._daemons[1].pid

    def _run(self, *command: str) -> None:
        with Path(self._folder, f"{command[0]}.log").open("wb") as log:
            environment = {**self.environment, "HOME": str(self._folder)}
            self._daemons.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        deadline, pause = time.monotonic() + _READY_S, threading.Event()
        while not holds():
            if time.monotonic() > deadline or any(daemon.poll() is not None for daemon in self._daemons):
                logs = "\n".join(f"{path.name}: {path.read_text()}" for path in self._folder.glob("*.log"))
                raise RuntimeError(f"PipeWire did not start: {logs}")
            pause.wait(0.01)

    def _asks(self, *question: str) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            return bool(self.pactl(*question) or True)
        return False
