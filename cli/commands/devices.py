"""`voice devices`: which microphones and speakers there are; and the group of commands that look closer at them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cli.commands import devices_pick, devices_test, devices_watch
from cli.language.spoken import echo
from cli.options import BackendOption, JsonOption
from cli.terminal.sanitize import printable

app = typer.Typer(add_completion=False)
app.command("pick")(devices_pick.pick)
app.command("test")(devices_test.test)
app.command("watch")(devices_watch.watch)


@app.callback(invoke_without_command=True)
def devices(
    context: typer.Context,
    backend: BackendOption = None,
    as_json: JsonOption = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Open each device to see which sample rates it accepts.")
    ] = False,
) -> None:
    """List the microphones and speakers, or look closer at them."""
    if context.invoked_subcommand is not None:
        if backend is not None or as_json or probe:
            from engine.errors import InvalidInputError  # noqa: PLC0415

            raise InvalidInputError(
                f"These options belong to the list, not to `voice devices {context.invoked_subcommand}`.",
                fix=f"Put its options after its name; see `voice devices {context.invoked_subcommand} --help`.",
            )
        return
    _list(backend, as_json=as_json, probe=probe)


def _list(backend: str | None, *, as_json: bool, probe: bool) -> None:
    from cli.devices.selection import find_all_configured  # noqa: PLC0415
    from cli.devices.table import as_records, print_devices  # noqa: PLC0415
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.api.backend import devices_for, naming_origin  # noqa: PLC0415
    from engine.audio.device.blame import closing, devices_of  # noqa: PLC0415
    from engine.audio.device.registry import open_backend, require_sound_card  # noqa: PLC0415
    from engine.config import load_config  # noqa: PLC0415

    audio = load_config(only_devices=True).audio
    name = backend or audio.backend or "auto"
    with naming_origin(audio):
        found = open_backend(name)
    with closing(found.backend):
        if probe:
            require_sound_card(name, found)
            prepare_kernels()
        listed = devices_of(found.backend)
        if not as_json:
            echo(printable(f"Backend {found.backend.name} ({found.reason})"))
        probed = None
        if probe:
            from cli.devices.rate_probe import probe_with_progress  # noqa: PLC0415

            probed = probe_with_progress(found.backend, listed)
    configured = find_all_configured(listed, devices_for(backend, audio))
    chosen = {direction: each.device for direction, each in configured.items()}
    if as_json:
        typer.echo(json.dumps(as_records(found.backend.name, listed, probed, chosen), indent=2))
    else:
        print_devices(listed, probed, chosen)
    for each in configured.values():
        if each.trouble:
            echo(f"{printable(each.trouble)}\n  Plug it in, or choose another with `voice devices pick`.", err=True)
