"""`voice sessions`: the conversations that were kept; lists, shows, plays, exports and deletes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.completion import SESSIONS
from cli.language.spoken import translated
from cli.options import BackendOption, JsonOption, SpeakerOption
from cli.terminal.sanitize import json_text, printable
from cli.terminal.wrapping import linked, wrapped

app = typer.Typer(add_completion=False)
_LONG_S = 600
_SESSION = "Name of a session or the beginning of one, `last`, or the folder of a recording."
SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help=_SESSION, autocompletion=SESSIONS)]


@app.callback(invoke_without_command=True)
def sessions(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the saved conversations, or look at one.

    `keep` under [recording] in the configuration says which ones are saved.
    """
    if context.invoked_subcommand is not None:
        return
    from cli.sessions.finding import folder, stories  # noqa: PLC0415 - brings numpy
    from cli.sessions.words import facts  # noqa: PLC0415

    records = [facts(story) for story in stories(_note)]
    if as_json:
        typer.echo(json_text(records, 2))
    elif records:
        from cli.sessions.table import print_list  # noqa: PLC0415

        print_list(records)
    else:
        from engine.api.conversations import HOW_TO_KEEP  # noqa: PLC0415

        _note(f"No conversation is saved in {folder()}. {HOW_TO_KEEP}")


@app.command()
def show(
    session: SessionArgument = "last",
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML page instead, with a timeline and the sound.")
    ] = None,
) -> None:
    """Print what was said and done, and when."""
    from cli.sessions.finding import require_whole, story_of, write  # noqa: PLC0415
    from cli.sessions.table import print_story  # noqa: PLC0415

    story = story_of(session)
    if html is None:
        print_story(story)
    else:
        from cli.sessions.page import page  # noqa: PLC0415

        if story.duration_s > _LONG_S:
            _note("Writing the page; an hour of sound takes about a minute.")
        write(page(story).encode("utf-8", "replace"), html)
        _note(f"The page is {html}.", html)
    require_whole(story)


@app.command()
def play(
    session: SessionArgument = "last",
    output: SpeakerOption = None,
    backend: BackendOption = None,
) -> None:
    """Play both sides of a conversation as they were heard. Ctrl+C stops."""
    from cli.sessions.finding import sound_of, story_of  # noqa: PLC0415
    from cli.sessions.playing import play_sound  # noqa: PLC0415

    path = sound_of(story_of(session))
    _note(f"Playing {path.parent.name}. Ctrl+C ends it.")
    play_sound(path, output, backend)


@app.command()
def export(
    session: SessionArgument = "last",
    wanted: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMAT", help="srt, vtt, json, md or wav; default: by the file's name, else md."
        ),
    ] = "",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write to, instead of standard output.")
    ] = None,
) -> None:
    """Write a conversation as subtitles, Markdown, JSON or sound."""
    from cli.sessions.export import Format, exported  # noqa: PLC0415
    from cli.sessions.finding import require_whole, sound_of, story_of, write  # noqa: PLC0415
    from engine.errors import InvalidInputError, choices  # noqa: PLC0415

    named = output.suffix.removeprefix(".").lower() if output else ""
    wanted = wanted or (named if named in set(Format) else Format.MARKDOWN)
    if wanted not in set(Format):
        raise InvalidInputError(f"There is no format '{wanted}'.", fix=choices(wanted, Format))
    story, is_sound = story_of(session), wanted == Format.WAV
    if is_sound and output is None and sys.stdout.isatty():
        raise InvalidInputError("Sound cannot be printed on a terminal.", fix="Name a file with --output.")
    data = sound_of(story).read_bytes() if is_sound else exported(story, Format(wanted)).encode("utf-8", "replace")
    if output is None:
        typer.echo(data, nl=False)
    else:
        write(data, output)
        _note(f"Written to {output}.", output)
    require_whole(story)


@app.command()
def delete(
    names: Annotated[list[str], typer.Argument(metavar="SESSION", help=_SESSION, autocompletion=SESSIONS)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete conversations for good."""
    from cli.sessions.finding import path_of  # noqa: PLC0415
    from cli.terminal.presence import has_keyboard  # noqa: PLC0415
    from engine.api.conversations import delete_recording  # noqa: PLC0415
    from engine.errors import InvalidInputError  # noqa: PLC0415

    paths = list(dict.fromkeys(map(path_of, names)))
    if not yes:
        if not has_keyboard():
            raise InvalidInputError("There is no terminal to ask for confirmation.", fix="Say --yes.")
        question = translated(f"Delete {', '.join(path.name for path in paths)}?")
        typer.confirm(printable(question), abort=True, err=True)
    for path in paths:
        delete_recording(path)
        _note(f"Deleted {path.name}.")


def _note(text: str, path: Path | None = None) -> None:
    """Say something about what was done, and let the file be clicked that it is about."""
    told = wrapped(printable(translated(text)), out=sys.stderr)
    typer.echo(told if path is None else linked(told, path, sys.stderr), err=True)
