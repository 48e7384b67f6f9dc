"""Whether a conversation is kept, as `[recording]` says: what is recorded, and what becomes of it at the end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cli.language.spoken import translated
from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.presence import has_keyboard
from cli.terminal.sanitize import printable
from cli.terminal.wrapping import wrapped
from engine.api.conversations import delete_older, delete_recording, discard_if_empty, kept_folder, new_recording
from engine.config_tables import Keep, RecordingOptions
from engine.errors import InvalidInputError

_UNASKED_DAYS = 1.0
"""Age at which a recording is removed whose process ended before it could ask."""


@contextlib.contextmanager
def keeping(wanted: RecordingOptions, named: object) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Record the conversation of this block into the folder of those that are kept, if it is to be; ask at its end.

    Yields options of its session, and what there is to say at its beginning.

    Args:
        wanted: What the configuration says.
        named: The folder that was named for this conversation alone, if one was: it is not asked about.

    Raises:
        InvalidInputError: the folder cannot be written.
    """
    folder = kept_folder(wanted.folder)
    remarks = list(_remove_old(folder, wanted.days))
    keep = wanted.keep if named is None else Keep.NEVER
    if keep is Keep.ASK and not has_keyboard():
        remarks.append('With `keep = "ask"` a conversation is kept at a terminal only: this one is not.')
        keep = Keep.NEVER
    if keep is Keep.NEVER:
        yield {}, remarks
        return
    path = new_recording(folder, hidden=keep is Keep.ASK)
    final = path.with_name(path.name.removeprefix("."))
    try:
        yield {"record": path, "record_sound": keep is not Keep.TEXT}, remarks
    finally:
        if not discard_if_empty(path):
            _conclude(path, final)


def _remove_old(folder: Path, days: int | None) -> Iterator[str]:
    """Remove what is too old, and say so."""
    try:
        delete_older(folder, _UNASKED_DAYS, ".*")
        if days is not None and (count := delete_older(folder, days)):
            what = "1 conversation was" if count == 1 else f"{count} conversations were"
            yield f"{what} removed: more than {days} day{'' if days == 1 else 's'} old."
    except InvalidInputError as error:
        yield error.message


def _conclude(path: Path, final: Path) -> None:
    """Say where it is, or ask whether it is to be there."""
    if path != final:
        if not _is_wanted():
            delete_recording(path)
            _say("It is not kept.")
            return
        path.rename(final)
    _say(f"Kept as {final.name}: `voice sessions` lists what is kept.")


def _is_wanted() -> bool:
    INTERRUPTS.count = 0  # the Ctrl+C that ended the conversation: another one answers
    try:
        return bool(typer.prompt(translated("Keep this conversation? [y/n]"), value_proc=_is_yes, err=True))
    except (typer.Abort, OSError):  # the terminal is gone
        _say("")
        return False


def _is_yes(text: str) -> bool:
    """No answer is taken for one: whoever types on as the conversation ends loses nothing by Enter."""
    answer = text.strip().lower()
    if answer not in ("y", "yes", "n", "no"):
        raise typer.BadParameter(translated("Write y to keep it, or n to remove it."))
    return answer in ("y", "yes")


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(wrapped(printable(translated(text)), out=sys.stderr), file=sys.stderr)
