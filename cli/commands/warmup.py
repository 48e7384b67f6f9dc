"""`voice warmup`: compile the kernels before they are needed."""

from __future__ import annotations

import typer

from cli.language.spoken import echo

app = typer.Typer(add_completion=False)


@app.command()
def warmup() -> None:
    """Compile the audio kernels now rather than at the first start."""
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.dsp.compile.library import library  # noqa: PLC0415

    took_s = prepare_kernels(err=False)
    where = f"in {library().file}" if library().file else "but not saved"
    echo(f"The audio kernels are ready after {took_s:.2f} s, {where}.")
