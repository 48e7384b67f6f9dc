"""A sound card without hardware: a PulseAudio server with two null sinks, of our own, in its own folder.

What the engine plays on `vspk` is recorded from its monitor; what a test plays on `vcable` arrives at the microphone
`vmic`. PortAudio sees them through ALSA's pulse plugin. Real-time paced and bit-exact.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48000
_READY_S = 20.0
PACKAGES = "libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins"

_SINK = "rate={rate} channels=2 format=float32le norewinds=1"
_SERVER = f"""
load-module module-native-protocol-unix auth-anonymous=1 socket={{folder}}/pulse.sock
load-module module-null-sink sink_name=vspk {_SINK}
load-module module-null-sink sink_name=vcable {_SINK}
set-default-sink vspk
set-default-source vcable.monitor
"""

_ALSA = """
pcm.vspk    {{ type pulse device "vspk"           hint {{ show on description "speaker" }} }}
pcm.vspkmon {{ type pulse device "vspk.monitor"   hint {{ show on description "speaker monitor" }} }}
pcm.vcable  {{ type pulse device "vcable"         hint {{ show on description "feeds the microphone" }} }}
pcm.vmic    {{ type pulse device "vcable.monitor" hint {{ show on description "microphone" }} }}
pcm.!default {{ type pulse hint {{ show on description "default" }} }}
ctl.!default {{ type pulse }}
"""


def missing_parts() -> list[str]:
    """What this system lacks for the virtual card."""
    lacking = [tool for tool in ("pulseaudio", "pactl", "parec", "pacat") if shutil.which(tool) is None]
    plugins = [
        path for root in ("/usr/lib", "/usr/lib64") for path in Path(root).glob("**/libasound_module_pcm_pulse.so")
    ]
    return lacking + ([] if plugins else ["libasound_module_pcm_pulse.so"])


class SoundCard:
    """The running server; `env` makes any process see the card."""

    record_latency_ms = 20
    """Latency that recorders ask for."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self.rate_hz = rate_hz
        self._folder = Path(tempfile.mkdtemp(prefix="voice-card-"))
        (self._folder / "default.pa").write_text(_SERVER.format(folder=self._folder, rate=rate_hz))
        (self._folder / "asound.conf").write_text(_ALSA.format())
        self.env = {
            "PULSE_SERVER": f"unix:{self._folder}/pulse.sock",
            "ALSA_CONFIG_PATH": f"{self._folder}/asound.conf",
            "PULSE_RUNTIME_PATH": str(self._folder),
            "PULSE_STATE_PATH": str(self._folder),
        }
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment for a subprocess."""
        return {**os.environ, **self.env}

    def start(self) -> None:
        """Start the server and wait until it answers."""
        arguments = ["pulseaudio", "-n", "-F", str(self._folder / "default.pa"), "--daemonize=no"]
        arguments += ["--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr"]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                arguments, env={**self.environment, "HOME": str(self._folder)}, stdout=log, stderr=log
            )
        if sys.platform == "linux":
            with contextlib.suppress(PermissionError):
                # Its own threads ask for this themselves; the one that passes their sound on to clients does not.
                os.sched_setscheduler(self._server.pid, os.SCHED_FIFO, os.sched_param(2))
        deadline = time.monotonic() + _READY_S
        while subprocess.run(["pactl", "info"], env=self.environment, capture_output=True, check=False).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"pulseaudio did not start: {(self._folder / 'log').read_text()}")

    @property
    def server(self) -> int:
        """The process that serves."""
        assert self._server is not None
        return self._server.pid

    def end_server(self) -> None:
        """End the server; `start` begins it again."""
        server, self._server = self._server, None
        if server is not None:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.end_server()
        shutil.rmtree(self._folder, ignore_errors=True)

    def join(self, voice: int) -> None:
        """Lead the streams of a process to the card's ends, where its server does not."""

    def pactl(self, *arguments: str) -> str:
        """Ask the server something, or for something."""
        run = subprocess.run(["pactl", *arguments], env=self.environment, capture_output=True, text=True, check=True)
        return run.stdout

    def add_sink(self, name: str) -> None:
        """Plug a loudspeaker in."""
        self.pactl("load-module", "module-null-sink", f"sink_name={name}", *_SINK.format(rate=self.rate_hz).split())

    def remove_sink(self, name: str) -> None:
        """Pull a loudspeaker out."""
        for line in self.pactl("list", "short", "modules").splitlines():
            number, _, arguments = line.partition("\t")
            if f"sink_name={name} " in f"{arguments} ":
                self.pactl("unload-module", number)

    def play_to_microphone(self, samples: NDArray[np.int16], rate_hz: int) -> subprocess.Popen[bytes]:
        """Play mono samples into the microphone, from a process of its own; wait for it or terminate it."""
        path = self._folder / f"say-{time.monotonic_ns()}.raw"
        path.write_bytes(samples.astype("<i2").tobytes())
        arguments = ["pacat", "-d", "vcable", "--format=s16le", f"--rate={rate_hz}", "--channels=1", "--raw"]
        with path.open("rb") as source:
            return subprocess.Popen([*arguments, "--latency-msec=40"], stdin=source, env=self.environment)

    @contextmanager
    def record_speaker(self, sink: str = "vspk") -> Iterator[Recording]:
        """Record what the speaker plays, until the block ends."""
        arguments = ["parec", "-d", f"{sink}.monitor", "--format=float32le", f"--rate={self.rate_hz}", "--channels=2"]
        arguments += ["--raw", f"--latency-msec={self.record_latency_ms}"]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=self.environment)
        recording = Recording(process, self.rate_hz)
        try:
            recording.wait_for(0.5)
            yield recording
        finally:
            process.terminate()
            process.wait(10)
            recording.join()


class Recording:
    """A recording of the speaker that is still growing, or complete."""

    def __init__(self, process: subprocess.Popen[bytes], rate_hz: int) -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        self._rate_hz = rate_hz
        self._data = bytearray()
        self._grown = threading.Condition()
        self.began_at_s = math.inf
        """When the first sample was played at the latest, on the clock of `time.monotonic`: what arrives soonest
        tells best."""
        self._reader = threading.Thread(target=self._read, name="recording", daemon=True)
        self._reader.start()

    @property
    def seconds(self) -> float:
        """How much has been recorded so far."""
        return len(self._data) / 8 / self._rate_hz

    def samples(self) -> NDArray[np.float32]:
        """Everything so far: the left channel (both are the same)."""
        with self._grown:
            data = np.frombuffer(bytes(self._data[: len(self._data) // 8 * 8]), np.float32)
        return data.reshape(-1, 2)[:, 0].copy()

    def wait_for(self, seconds: float, timeout_s: float = 60.0) -> None:
        """Return once at least `seconds` have been recorded in all."""
        with self._grown:
            if not self._grown.wait_for(lambda: self.seconds >= seconds, timeout_s):
                raise TimeoutError(f"only {self.seconds:.2f} s of {seconds:.2f} s were recorded")

    def join(self) -> None:
        """Wait for the end of the recorder's output."""
        self._reader.join(10)
        self._pipe.close()

    def _read(self) -> None:
        while data := os.read(self._pipe.fileno(), 1 << 16):
            with self._grown:
                self._data += data
                self.began_at_s = min(self.began_at_s, time.monotonic() - self.seconds)
                self._grown.notify_all()
