"""The `voice` command: its own options, and what turns the engine's errors into a sentence and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.lazy_group import LazyGroup
from engine.errors import VoiceError

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

        typer.echo(f"voice {installed_version('voice-engine')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Talk with an agent, choose audio devices, measure latency."""


def main() -> None:
    """Run the command line; the entry point of `voice`."""
    try:
        app()
    except VoiceError as error:
        print(f"voice: {error.message}", file=sys.stderr)
        if error.fix:
            print(f"  {error.fix}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
