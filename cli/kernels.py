"""Loading of the kernels with a word to the person: compiling them is the one long wait, once on a machine."""

from __future__ import annotations

from cli.language.spoken import echo


def prepare_kernels(*, err: bool = True) -> float:
    """Load the kernels, compiling them if this machine has not yet; return the seconds it took.

    Args:
        err: Whether that is announced on standard error; else on standard output.
    """
    from engine.api.devices import warm_up  # noqa: PLC0415

    return warm_up(lambda text: echo(text, err=err))
