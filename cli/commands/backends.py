"""`voice backends`: which audio backends are installed, and which of them work here."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import typer

from cli.errors import on_command_line
from cli.language.spoken import translated, word
from cli.options import JsonOption
from cli.terminal.sanitize import json_text, printable

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    package: str
    """The distribution that registers it."""
    works: bool
    note: str
    fix: str = ""


@app.command()
def backends(as_json: JsonOption = False) -> None:
    """List the audio backends, and say why one does not work."""
    from engine.audio.device.registry import backend_names  # noqa: PLC0415

    rows = [_look_at(name) for name in backend_names()]
    if as_json:
        typer.echo(json_text([asdict(row) for row in rows], 2))
        return
    for row in rows:
        from_whom = f" [{row.package}]" if row.package not in ("", "voice-realtime") else ""
        state = translated(word("works") if row.works else "does not work")
        typer.echo(printable(f"{row.name:<14}{state}: {translated(row.note)}{from_whom}"))
        if row.fix:
            typer.echo(f"{'':<14}{printable(translated(row.fix))}")


def _look_at(name: str) -> _Row:
    """Load a backend and list its devices; without a microphone or a speaker it is of no use here."""
    from engine.audio.device.blame import closing  # noqa: PLC0415
    from engine.audio.device.registry import devices_to_talk, load_backend, package_of  # noqa: PLC0415
    from engine.errors import VoiceError  # noqa: PLC0415

    package = package_of(name)
    try:
        with closing(load_backend(name)) as backend:
            count = len(devices_to_talk(backend))
    except VoiceError as error:
        return _Row(name, package, False, error.message, on_command_line(error.fix))
    return _Row(name, package, True, f"{count:d} device{'' if count == 1 else 's'}")
