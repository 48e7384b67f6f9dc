"""Loading of the kernels with a word to the person: compiling them is the one long wait, once on a machine."""

from __future__ import annotations

import sys
from collections.abc import Callable

from cli.language.spoken import translated


def _to_stderr(text: str) -> None:
    print(translated(text), file=sys.stderr)


def prepare_kernels(announce: Callable[[str], None] = _to_stderr) -> float:
    """Load the kernels, compiling them if this machine has not yet; return the seconds it took."""
    from engine.api.devices import warm_up  # noqa: PLC0415

    return warm_up(announce)
