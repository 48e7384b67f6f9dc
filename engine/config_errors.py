"""Errors for a configuration that does not fit: the file, the line, and what to write there instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import eq
from pathlib import Path
from typing import Any

from engine.config_path import CONFIG_VARIABLE
from engine.errors import InvalidInputError, nearest

_KEY = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")


@dataclass(frozen=True)
class Source:
    """A configuration file as it was read, which knows the line of each key."""

    path: Path
    text: str = field(default="", repr=False)
    profile: str = ""
    """Name of the profile that was laid over the rest."""
    proposed: tuple[str, ...] = ()
    """The key that is about to be set: it stands nowhere yet, where a person could correct it."""

    def line_of(self, place: Sequence[str]) -> int | None:
        """Return the line that sets a key, the profile's before the other, or else the one that begins its table.

        Example:
            >>> Source(Path("config.toml"), "[audio]\\ninput = 'usb'").line_of(["audio", "input"])
            2
        """
        for depth in range(len(place), 0, -1):
            for table in ("profiles", self.profile), ():
                if line := self._lines.get((*table, *place[:depth])):
                    return line
        return None

    def at(self, place: Sequence[str]) -> str:
        """Return the file, and the line of a key in it."""
        line = self.line_of(place)
        return f"{self.path}" if line is None else f"{self.path}, line {line}"

    @cached_property
    def _lines(self) -> dict[tuple[str, ...], int]:
        """Line of each key and header. A text of several lines that looks like them adds some that nobody asks for."""
        header: tuple[str, ...] = ()
        lines: dict[tuple[str, ...], int] = {}
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.lstrip().startswith("["):
                header = names = names_of(line.partition("]")[0])
            elif "=" in line:
                names = header + names_of(line.partition("=")[0])
            else:
                continue
            for depth in range(len(header), len(names) + 1):
                lines.setdefault(names[:depth], number)
        return lines


def names_of(dotted: str) -> tuple[str, ...]:
    """Return the names of a dotted key, as TOML writes it."""
    return tuple(next(filter(None, found), "") for found in _KEY.findall(dotted))


def unfit(kind: str, place: Sequence[str], known: Sequence[str], context: dict[str, Any], source: Source) -> Exception:
    """Return the error for a place in the document: what it must be, and what to write. The value is not quoted.

    Args:
        kind: Pydantic's name of what is wrong.
        place: The tables, and the key within them.
        known: Keys that may stand there, for one that may not.
        context: What pydantic says besides.
        source: The file.
    """
    *tables, key = place
    inside = ".".join(step if re.fullmatch(r"[\w-]+", step) else f'"{step}"' for step in tables)
    named, header = (f"'{key}' in [{inside}]", f"{inside}.{key}") if inside else (f"'{key}'", key)
    is_proposed = bool(source.proposed) and all(map(eq, source.proposed, place))
    correct = "Give it another value; nothing was changed." if is_proposed else "Correct it there."
    match kind:
        case "unexpected_keyword_argument":
            meant = nearest(key, known)
            told = (
                f"There is no {'key' if inside else 'table'} {named}."
                if is_proposed
                else f"The configuration {source.at(place)}, has an unknown {'key' if inside else 'table'} {named}."
            )
            return InvalidInputError(told, fix=f"{meant}Known names: {', '.join(known)}.")
        case "dataclass_type" | "dict_type":
            words, fix = "a table", f"Write [{header}] on a line of its own, and its values below."
        case "value_error":
            words = str(context["error"])
            fix = f'Put its value in quotes: {key} = "...".' if words == "a string" else correct
        case _:
            words, fix = f"one of {context.get('expected', 'another kind').replace(' or ', ', ')}", correct
    must = f"{named} must be {words}."
    if not is_proposed:
        line = source.line_of(place)
        must = f"In the configuration {source.path}{f', line {line:d}' if line else ''}, {must}"
    return InvalidInputError(must, fix=fix)


def unreadable(path: Path, error: Exception) -> InvalidInputError:
    """Return the error for a configuration that cannot be read, or is no TOML: where it is wrong, and the fix.

    Args:
        path: The file.
        error: What the system, the codec or the parser said, which names the line and quotes nothing.
    """
    fix = "Correct or remove it."
    match error:
        case FileNotFoundError() | NotADirectoryError():
            what = f"There is no configuration {path}, which {CONFIG_VARIABLE} names."
            fix = f"Correct {CONFIG_VARIABLE}, or unset it."
        case IsADirectoryError():
            what = f"The configuration {path} is a folder."
            fix = f"Let {CONFIG_VARIABLE} name a file, or remove the folder."
        case OSError():
            what = f"The configuration {path} cannot be read: {error.strerror}."
            fix = f"Make it readable, or name another file with {CONFIG_VARIABLE}."
        case UnicodeDecodeError():
            line = error.object.count(b"\n", 0, error.start) + 1
            what, fix = f"The configuration {path} is not UTF-8 at line {line}.", "Save it as UTF-8."
        case RecursionError():
            what = f"The configuration {path} is nested too deeply."
        case ValueError() if "sys.set_int_max_str_digits" in str(error):
            what = f"The configuration {path} has a number without end."
        case _:
            what = f"The configuration {path} is not valid TOML: {error}."
            fix = "Correct that line, or remove the file."
    return InvalidInputError(what, fix=fix)
