"""`voice bench startup`: how long a person waits for the help, the engine and a session, and what a client costs.

Whole processes, the interpreter's own start included; the kernels' cache is warm.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import IO

from benchmarks.case import Case, beside_rivals
from benchmarks.report.results import Result
from benchmarks.rigs import startup_client
from benchmarks.timing import quantiles
from engine.audio.types import StreamRequest
from engine.errors import StreamLostError
from engine.redaction import without_keys

_QUICK_HELP_S, _QUICK_S, _FULL_S = 0.3, 1.0, 10.0
_ROUNDS = 1
_EMPTY = {"empty program": ("-c", "import typer; app = typer.Typer(); app.command()(lambda: None); app()", "--help")}
_LIBRARIES = {"numpy, llvmlite": ("-c", "import numpy, llvmlite.binding")}
_IMPORT = "import engine.audio.session_audio"
_ENGINE = """
from engine.audio.types import StreamRequest
from engine.audio.device.registry import load_backend
from engine.audio.port.audio_port import AudioPort
stream = load_backend("virtual").open(AudioPort(), StreamRequest())
stream.start()
stream.close()
"""
_RUN = ("-m", "cli.main", "run", "--provider", "local", "--backend", "virtual")
_SESSION = "Session "
"""Beginning of the line that reports an open session, to which the microphone is being sent."""


def cases(devices: StreamRequest) -> list[Case]:
    """The help, the imports, the engine's stream; the local agent's first line and session; a client on devices."""
    return [
        _beside("help", _QUICK_HELP_S, ours=("-m", "cli.main", "--help"), **_EMPTY),
        _beside("import", _QUICK_S, ours=("-c", _IMPORT), **_LIBRARIES),
        _beside("engine", _QUICK_S, ours=("-c", _ENGINE), **_LIBRARIES),
        Case("startup/first_line", partial(_until, "first_line", "", _RUN), _QUICK_S, _FULL_S),
        Case("startup/ready", partial(_until, "ready", _SESSION, _RUN), _QUICK_S, _FULL_S),
        Case("startup/client", partial(startup_client.measure, devices), startup_client.QUICK_S, startup_client.FULL_S),
    ]


def _beside(name: str, quick_s: float, **programs: tuple[str, ...]) -> Case:
    """A case of programs that are started in turns."""
    functions = {who: partial(_run, *arguments) for who, arguments in programs.items()}
    return beside_rivals(
        "startup",
        f"startup/{name}",
        lambda: functions,
        unit="ms",
        calls=1,
        least_rounds=_ROUNDS,
        quick_s=quick_s,
        full_s=_FULL_S,
    )


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-P", *arguments], check=True, capture_output=True, env=without_keys(os.environ))


def _until(name: str, words: str, arguments: tuple[str, ...], seconds: float) -> Result:
    """Start a program again and again, each time until it prints a line with these words."""
    ends_s, took_ms = time.monotonic() + seconds, list[float]()
    while len(took_ms) < _ROUNDS or time.monotonic() < ends_s:
        began_s = time.perf_counter()
        with _started(arguments) as lines:
            if not any(words in line for line in lines):
                raise StreamLostError(f"`voice {' '.join(arguments[2:])}` ended too soon.", fix="Run it to see why.")
            took_ms.append(1000 * (time.perf_counter() - began_s))
    return Result("startup", f"startup/{name}", "ms", quantiles(took_ms), extra={"count": len(took_ms)})


@contextlib.contextmanager
def _started(arguments: tuple[str, ...]) -> Iterator[IO[str]]:
    """The lines of a program about what it does, as it prints them; it is ended on every way out."""
    with subprocess.Popen(
        [sys.executable, "-P", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=without_keys(os.environ),
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            yield process.stderr
        finally:
            process.terminate()
