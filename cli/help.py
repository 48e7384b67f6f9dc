"""The help of the commands, in the person's language and as wide as the terminal."""

from __future__ import annotations

import inspect
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import typer

from cli.language.spoken import filled, translated, word
from cli.terminal.presence import can_draw

USAGE, ARGUMENTS, OPTIONS, COMMANDS = word("Usage: "), word("Arguments"), word("Options"), word("Commands")
_WIDEST, _LEAST = 100, 40
_WIDE = 79
"""On narrower terminals what a long option does is told in the lines below its name."""


def say_help(command: Any) -> None:
    """Give this help to a command, and to those below it."""
    command.format_help = partial(_write_help, command)
    for below in getattr(command, "commands", {}).values():
        say_help(below)


def help_texts(command: Any, context: Any) -> Iterator[str]:
    """Yield what of a command's help is text."""
    for each in (command, *command.get_params(context)):
        for name in ("help", "epilog", "rich_help_panel"):
            if isinstance(text := getattr(each, name, None), str):
                yield text


def usage(command: Any, context: Any) -> str:
    """Return what follows a command's name; some versions of Typer put braces around what must be given."""
    return " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "")


def described(entry: Any) -> tuple[str, str]:
    """Return an option with its value, or an argument, and the words about it."""
    names = " / ".join(", ".join(sorted(names, key=len)) for names in (entry.opts, entry.secondary_opts) if names)
    if entry.param_type_name == "argument":
        names = entry.metavar
    elif entry.metavar:
        names += f" {entry.metavar}"
    facts: list[str] = []
    ranged = entry if hasattr(entry, "min") else entry.type
    if getattr(ranged, "max", None) is not None:
        facts.append(filled("{least:g} to {most:g}", least=ranged.min, most=ranged.max))
    elif getattr(ranged, "min", None) is not None:
        facts.append(filled("{least} or more", least=f"{ranged.min:g}"))
    if entry.show_default and entry.default and not isinstance(entry.default, bool):
        facts.append(translated(f"default: {getattr(entry.default, 'value', entry.default)}"))
    words = translated(inspect.cleandoc(entry.help))
    return names, f"{words} ({'; '.join(facts)})" if facts else words


def _write_help(command: Any, context: Any, formatter: Any) -> None:
    formatter.width = max(_LEAST, min(shutil.get_terminal_size().columns, _WIDEST)) - 1
    formatter.write_usage(context.command_path, usage(command, context), translated(USAGE))
    for paragraph in translated(inspect.cleandoc(command.help)).split("\n\n"):
        formatter.write_paragraph()
        formatter.write_text(paragraph)
    below = getattr(command, "commands", {})
    sections = {COMMANDS: [(name, translated(inspect.cleandoc(below[name].help)).split("\n\n")[0]) for name in below]}
    for entry in command.get_params(context):
        kind = ARGUMENTS if entry.param_type_name == "argument" else OPTIONS
        sections.setdefault(getattr(entry, "rich_help_panel", None) or kind, []).append(described(entry))
    for heading, rows in sections.items():
        if rows:
            with formatter.section(typer.style(translated(heading), bold=can_draw(sys.stdout))):
                formatter.write_dl(rows, col_max=30 if formatter.width >= _WIDE else 18)
    if command.epilog:
        formatter.write_paragraph()
        formatter.write_text(translated(command.epilog))
