"""The application that `voice` runs: its own options, and the group of its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.lazy_group import LazyGroup

app = typer.Typer(
    name="voice",
    cls=LazyGroup,
    help="Talk with an agent, choose audio devices, measure latency.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed_version  # noqa: PLC0415 - a tenth of the start-up

        typer.echo(f"voice {installed_version('voice-realtime')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Talk with an agent, choose audio devices, measure latency."""
