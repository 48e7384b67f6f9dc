"""`voice warmup`: compile the kernels before they are needed."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def warmup() -> None:
    """Compile the audio kernels now, not at the first start."""
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.dsp.kernel_cache import cache_directory  # noqa: PLC0415

    took_s = prepare_kernels(typer.echo)
    typer.echo(f"The audio kernels are ready ({took_s:.2f} s to load) in {cache_directory()}.")
