"""`voice providers`: which Realtime services are known, and whose keys are set."""

from __future__ import annotations

import os
from typing import Any

import typer

from cli.errors import on_command_line
from cli.language.spoken import echo, translated, word
from cli.options import JsonOption
from cli.terminal.sanitize import json_text, printable

app = typer.Typer(add_completion=False)


@app.command()
def providers(as_json: JsonOption = False) -> None:
    """List the services, and what each one still needs.

    The one that `voice run` takes is marked with *.
    """
    from engine.config import load_config  # noqa: PLC0415
    from engine.errors import VoiceError  # noqa: PLC0415
    from engine.realtime.providers.choose import PROVIDERS, choose_provider  # noqa: PLC0415

    config = load_config(only_devices=True).with_stored_keys(os.environ)
    default = choose_provider(None, None, os.environ, config)
    rows: list[dict[str, Any]] = []
    for name, provider in PROVIDERS.items():
        try:
            chosen = choose_provider(name, None, os.environ, config)
            state, address = word("ready"), chosen.shown_url
        except VoiceError as error:
            state, address = on_command_line(str(error)), ""
        rows.append(
            {
                "name": name,
                "title": provider.title,
                "default": name == default.provider.name,
                "state": state,
                "url": address,
                "input_rate_hz": provider.input_rate_hz,
                "output_rate_hz": provider.output_rate_hz,
                "voice": provider.voice,
            }
        )
    if as_json:
        typer.echo(json_text(rows, 2))
        return
    for row in rows:
        mark = "*" if row["default"] else " "
        rates = f"{row['input_rate_hz']} Hz in, {row['output_rate_hz']} Hz out"
        title, rates, state = map(translated, (row["title"], rates, row["state"]))
        typer.echo(printable(f"{mark} {row['name']:<8} {title}, {rates}: {state}"))
    echo(f"\n`voice run` uses {default.provider.name}: {default.reason}.", err=True)
