"""`voice warmup`: compile the kernels before they are needed."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def warmup() -> None:
    """Compile the audio kernels now, not at the first start."""
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.dsp.kernel_cache import cache_directory, is_warm  # noqa: PLC0415

    done = "load" if is_warm() else "compile"
    took_s = prepare_kernels(typer.echo)
    typer.echo(f"The audio kernels are ready ({took_s:.2f} s to {done}) in {cache_directory()}.")
