"""`voice config`: what is configured and where it comes from; changes it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.language.spoken import translated
from cli.options import JsonOption

if TYPE_CHECKING:
    from cli.settings import Setting

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Show and change the configuration.")
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="A key with its table, such as audio.input.")]


@app.command()
def show(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Only this table or key.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show every value and where it comes from: environment, keyring, file and line, or the default."""
    from cli.terminal.sanitize import json_text, printable  # noqa: PLC0415

    found = _settings(key)
    if as_json:
        typer.echo(json_text([{"key": each.key, "value": each.value, "origin": each.origin} for each in found], 2))
        return
    width = max(len(each.key) for each in found)
    for each in found:
        typer.echo(printable(f"{each.key:<{width}}  {_written(each.value):<24}  {translated(each.origin)}"))


@app.command()
def path() -> None:
    """Print the path of the configuration file, whether or not it exists."""
    from engine.config_path import config_path  # noqa: PLC0415

    typer.echo(config_path())


@app.command()
def get(key: KeyArgument) -> None:
    """Print one value, or nothing if it is not set. A secret is printed as ***."""
    from cli.terminal.sanitize import printable  # noqa: PLC0415

    for each in _settings(key):
        if each.value is not None:
            typer.echo(printable(_written(each.value) if each.key == key else f"{each.key} = {_written(each.value)}"))


@app.command("set", context_settings={"ignore_unknown_options": True})  # -6 is a value
def set_value(
    key: KeyArgument,
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="VALUE",
            help="The value as in TOML; text needs no quotes. Secrets are asked for, or read from standard input.",
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the key: its default applies again.")] = False,
) -> None:
    """Set a value in the configuration file; the other lines stay as they are."""
    from cli.completion import NAMES  # noqa: PLC0415
    from engine.config_file import in_profile, save_values  # noqa: PLC0415
    from engine.config_path import config_path  # noqa: PLC0415
    from engine.errors import InvalidInputError, choices  # noqa: PLC0415

    if "." not in key:
        _settings(key)
    if remove:
        save_values(config_path(), {in_profile(key): None})
        return
    if key.startswith("keys.") and key.endswith(("_key", "_token")):
        if value is not None:
            raise InvalidInputError(
                "A key on the command line can be seen by every program on this machine.",
                fix=f"Run `voice config set {key}` and enter it, or pipe it in.",
            )
        value = typer.prompt(key, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read().strip()
    if (names := NAMES.get(key)) and value is not None and value not in (known := list(names())):
        raise InvalidInputError(f"There is no {key} '{value}'.", fix=choices(value, known))
    if value is None:
        raise InvalidInputError(f"There is no value for {key}.", fix=f"Write `voice config set {key} VALUE`.")
    try:
        save_values(config_path(), {in_profile(key): _read(value)})
    except InvalidInputError:
        if _read(value) == value:
            raise
        save_values(config_path(), {in_profile(key): value})


@app.command()
def edit() -> None:
    """Open the configuration file in your editor ($VISUAL, $EDITOR), and check it afterwards."""
    from cli.platforms import EDITOR, words_of  # noqa: PLC0415
    from engine.config import load_config  # noqa: PLC0415
    from engine.config_file import make_file  # noqa: PLC0415
    from engine.config_path import config_path  # noqa: PLC0415
    from engine.errors import InvalidInputError  # noqa: PLC0415
    from engine.redaction import without_keys  # noqa: PLC0415

    file = config_path()
    make_file(file)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or EDITOR
    try:
        subprocess.run([*words_of(editor), str(file)], check=True, env=without_keys(os.environ))
    except (OSError, ValueError, subprocess.CalledProcessError):
        raise InvalidInputError(f"The editor '{editor}' failed.", fix="Set EDITOR to another one.") from None
    load_config()


def _settings(key: str) -> list[Setting]:
    from cli.settings import settings  # noqa: PLC0415
    from engine.errors import InvalidInputError, nearest  # noqa: PLC0415

    if found := settings(key):
        return found
    near = nearest(key, [each.key for each in settings()]).strip()
    raise InvalidInputError(f"There is no key '{key}'.", fix=near or "`voice config show` lists them.")


def _read(text: str) -> Any:
    """The value that TOML would read, or else the text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _written(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case tuple():
            return "[" + ", ".join(map(str, value)) + "]"
    return str(value)
