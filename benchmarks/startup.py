"""`voice bench startup`: how long a person waits for the help, and for the engine to be ready."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from benchmarks.case import Case
from benchmarks.results import Quantiles, Result, compared
from benchmarks.timing import interleaved

_QUICK_HELP_S, _QUICK_S, _FULL_S = 0.3, 1.0, 10.0
_ROUNDS = 1
_EMPTY = "import typer; app = typer.Typer(); app.command()(lambda: None); app()"
_LIBRARIES, _BARE = "numpy, numba", "import numpy, numba"
_IMPORT = "import engine.audio.link"
_READY = """
from engine.audio.backend import StreamRequest
from engine.audio.discovery import load_backend
from engine.audio.port import AudioPort
stream = load_backend("virtual").open(AudioPort(), StreamRequest())
stream.start()
stream.close()
"""


def cases() -> list[Case]:
    """Whole processes, the interpreter's own start included; the kernels' cache is warm."""
    return [
        Case("startup/help", _help, _QUICK_HELP_S, _FULL_S),
        Case("startup/import", partial(_code, "import", _IMPORT), _QUICK_S, _FULL_S),
        Case("startup/ready", partial(_code, "ready", _READY), _QUICK_S, _FULL_S),
    ]


def _help(seconds: float) -> Result:
    ours, empty = partial(_run, "-m", "cli.main", "--help"), partial(_run, "-c", _EMPTY, "--help")
    return _compare("help", {"ours": ours, "empty program": empty}, seconds)


def _code(name: str, code: str, seconds: float) -> Result:
    return _compare(name, {"ours": partial(_run, "-c", code), _LIBRARIES: partial(_run, "-c", _BARE)}, seconds)


def _compare(name: str, functions: dict[str, partial[None]], seconds: float) -> Result:
    figures = interleaved(functions, seconds, calls=1, least_rounds=_ROUNDS)
    in_ms = {who: Quantiles(figure.p50 / 1e6, figure.p99 / 1e6) for who, figure in figures.items()}
    return compared("startup", f"startup/{name}", "ms", in_ms)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
