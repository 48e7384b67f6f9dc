"""`voice backends`: which audio backends are installed, and which of them work here."""

from __future__ import annotations

import json

import typer

from cli.options import JsonOption


def backends(as_json: JsonOption = False) -> None:
    """List the audio backends, ours and those of plugins, and why one does not work."""
    from engine.audio.discovery import backend_names, load_backend  # noqa: PLC0415
    from engine.errors import VoiceError  # noqa: PLC0415

    rows = []
    for name in backend_names():
        try:
            backend = load_backend(name)
            try:
                count = len(backend.devices())
            finally:
                backend.close()
        except VoiceError as error:
            rows.append({"name": name, "works": False, "note": str(error)})
        else:
            rows.append({"name": name, "works": True, "note": f"{count} device{'' if count == 1 else 's'}"})
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['name']:<14}{'works' if row['works'] else 'does not work'}: {row['note']}")
