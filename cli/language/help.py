"""The help of the commands in the person's language, translated when it is shown; the frame around it is Typer's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cli.language.spoken import spoken_language, translated, word

USAGE = word("Usage: ")


def say_help(command: Any) -> None:
    """Let the help of a command, and of those below it, be in the person's language."""
    if spoken_language() != "en":
        command.format_usage = partial(_write_usage, command)
        for name in getattr(command, "commands", {}):
            say_help(command.commands[name])


def help_texts(command: Any, context: Any) -> Iterator[tuple[Any, str]]:
    """Yield what of a command's help is text: the object that has it, and the name of its attribute."""
    for each in (command, *command.get_params(context), *getattr(command, "commands", {}).values()):
        for name in ("help", "short_help", "epilog", "rich_help_panel"):
            if isinstance(getattr(each, name, None), str):
                yield each, name


def _write_usage(command: Any, context: Any, formatter: Any) -> None:
    """Begin the help: everything that follows is translated by now."""
    from typer import rich_utils  # noqa: PLC0415 - brings rich

    for name, text in list(vars(rich_utils).items()):
        if isinstance(text, str) and name.endswith(("_TITLE", "_STRING", "_TEXT")):
            setattr(rich_utils, name, translated(text))
    for each, name in help_texts(command, context):
        setattr(each, name, translated(getattr(each, name)))
    formatter.write_usage(context.command_path, " ".join(command.collect_usage_pieces(context)), translated(USAGE))
