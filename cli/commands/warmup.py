"""`voice warmup`: compile the kernels before they are needed."""

from __future__ import annotations

import typer


def warmup() -> None:
    """Compile the audio kernels now, so that the first conversation starts at once."""
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.dsp.kernel_cache import cache_directory  # noqa: PLC0415

    took_s = prepare_kernels(typer.echo)
    typer.echo(f"The audio kernels are ready ({took_s:.2f} s to load) in {cache_directory()}.")
