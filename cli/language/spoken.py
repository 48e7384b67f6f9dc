"""Sentences for a person in their language, as the code writes them, and numbers with what they count.

The engine, the logs and JSON speak English. Whoever prints for a person passes the text through `translated` as the
last thing; the catalogue knows the template of an f-string, so that a sentence is written like any other.
"""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from cli.language.catalogue import Catalogue

ENGLISH = "en"


class Said(str):
    """A text in the person's language, which is not translated again: words of others may stand in it."""

    __slots__ = ()


class _Spoken:
    """The language of this process."""

    def __init__(self) -> None:
        self.language = ENGLISH
        self.catalogue: Catalogue | None = None


_SPOKEN = _Spoken()


def speak(language: str) -> None:
    """Say everything in this language from now on; in English where its catalogue is missing or damaged."""
    if language == _SPOKEN.language:
        return
    _SPOKEN.language, _SPOKEN.catalogue = ENGLISH, None
    if language != ENGLISH:
        from cli.language.catalogue import catalogue_of  # noqa: PLC0415 - English needs none

        with contextlib.suppress(OSError, EOFError, ValueError, struct.error, LookupError):
            _SPOKEN.catalogue = catalogue_of(language)
            _SPOKEN.language = language


def spoken_language() -> str:
    """Return the code of the language, such as "en"."""
    return _SPOKEN.language


def translated(text: str) -> str:
    """Return a text of ours in the person's language; what the catalogue does not know stays as it is.

    Example:
        >>> translated("Nothing was changed.")
        'Nothing was changed.'
    """
    return text if _SPOKEN.catalogue is None or isinstance(text, Said) else _SPOKEN.catalogue.sentence(text)


def filled(message: str, **values: object) -> Said:
    """Return a message of ours with values in its fields that nothing is done to: names and words of others.

    Example:
        >>> filled("  {name} returned {output}{cut}", name="clock", output="12:00", cut="")
        '  clock returned 12:00'
    """
    core = message.strip()
    begin = message[: message.index(core)]
    catalogue = _SPOKEN.catalogue
    return Said(begin + (core.format(**values) if catalogue is None else catalogue.filled(core, values)))


def word(text: str) -> str:
    """Mark a single word for the catalogue, which finds sentences by itself; it is translated where it is shown."""
    return text


def counted(number: int, thing: str) -> str:
    """Return a number with what it counts.

    Example:
        >>> counted(1, "turn"), counted(2, "turn")
        ('1 turn', '2 turns')
    """
    things = f"{thing}s"
    if _SPOKEN.catalogue is not None:
        return f"{number} {_SPOKEN.catalogue.ngettext(thing, things, number)}"
    return f"{number} {thing if number == 1 else things}"


def echo(text: str, *, err: bool = False) -> None:
    """Print a text of ours in the person's language."""
    typer.echo(translated(text), err=err)
