"""Costs of a client that runs for half a minute and plays one answer, without those of its child processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report.results import Quantiles, Result
from benchmarks.rigs.service_process import ScriptedService
from engine.audio.device.registry import open_backend
from engine.audio.types import StreamRequest
from engine.errors import StreamLostError
from engine.redaction import without_keys

QUICK_S, FULL_S = 6.0, 32.0
_ANSWER = 5 / 8
"""The answer's share of the time: 20 s of 32."""
_QUIET_S = 0.5
_POLL_S = 0.5
_PROC = Path("/proc")
_TICKS_HZ = 100
"""USER_HZ of Linux on every machine that has wheels."""
_MEMORY = {"peak_rss_mb": ("status", "VmHWM"), "private_dirty_mb": ("smaps_rollup", "Private_Dirty")}
"""Figures of memory: a file of the process's folder, and the name in it."""


def measure(devices: StreamRequest, seconds: float, *, backend_name: str = "auto") -> Result:
    """Let a client talk with the scripted service; the figure is its processor time.

    Args:
        devices: Names of the microphone and the speaker.
        seconds: How long it runs; the answer lasts 5/8 of it.
        backend_name: As `voice backends` lists them; the first that has devices, else the virtual one.

    Raises:
        StreamLostError: the client ended too soon, or this system does not tell what a process takes.
    """
    if sys.platform != "linux" or not (_PROC / "self" / "smaps_rollup").exists():
        raise StreamLostError("The client's figures are read from /proc, which this system does not have.")
    with contextlib.closing(open_backend(backend_name).backend) as backend:
        options = ["--backend", backend.name]
    options += ["--input", devices.input] if devices.input else []
    options += ["--output", devices.output] if devices.output else []
    answer_s = round(_ANSWER * seconds, 1)
    cpu_ms, most_mb = asyncio.run(_watch_client(options, seconds, answer_s))
    extra = {**most_mb, "ran_s": seconds, "answer_s": answer_s, "backend": backend.name}
    return Result("startup", "startup/client", "ms", Quantiles(cpu_ms, cpu_ms), extra=extra)


async def _watch_client(options: list[str], seconds: float, answer_s: float) -> tuple[float, dict[str, float]]:
    """Return the processor time in ms, and the most of each kind of memory in MB."""
    async with ScriptedService(_QUIET_S, answer_s) as service:
        command = [sys.executable, "-P", "-m", "cli.main", "run", "--url", service.url, *options]
        null = subprocess.DEVNULL
        ends_s, most_mb = time.monotonic() + seconds, dict.fromkeys(_MEMORY, 0.0)
        # One of asyncio's would be reaped at its end, and what it took would be gone.
        with subprocess.Popen(  # noqa: ASYNC220
            command, stdin=null, stdout=null, stderr=null, env=without_keys(os.environ)
        ) as client:
            folder = _PROC / str(client.pid)
            try:
                while time.monotonic() < ends_s and client.poll() is None:
                    most_mb = {name: max(most, _memory_mb(folder, *_MEMORY[name])) for name, most in most_mb.items()}
                    await asyncio.sleep(_POLL_S)
                if client.poll() is not None:
                    raise StreamLostError("The client ended too soon.", fix="Run `voice run` to see why.")
                client.send_signal(signal.SIGINT)
                if sys.platform == "linux":
                    await asyncio.to_thread(os.waitid, os.P_PID, client.pid, os.WEXITED | os.WNOWAIT)
                return _cpu_ms(folder), most_mb
            finally:
                client.kill()


def _memory_mb(folder: Path, file: str, name: str) -> float:
    found = re.search(rf"^{name}:\s*(\d+) kB$", (folder / file).read_text(encoding="utf-8"), re.MULTILINE)
    return round(int(found[1]) / 1024, 1) if found else 0.0


def _cpu_ms(folder: Path) -> float:
    """The process's own time in user and kernel; the name before it may hold blanks and brackets."""
    fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / _TICKS_HZ
