"""Decoder of a terminal's input: keys pressed and released, and the terminal's answers about itself.

Most terminals tell only of presses. Those that know the progressive keyboard protocol (kitty, foot, WezTerm, Ghostty,
recent Konsole and iTerm2) are asked for releases too, and then send every key as `CSI code;modifiers:event;text u`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from cli.terminal.sanitize import spoken

ASK_FOR_RELEASES = "\x1b[?u"
"""A terminal that knows them answers; others do nothing."""
REPORT_RELEASES = "\x1b[>27u"
"""Every key (8) as an escape code (1), with releases (2) and its text (16)."""
REPORT_NO_RELEASES = "\x1b[<u"


class Named(Enum):
    """Keys that are no text."""

    UP = auto()
    DOWN = auto()
    ENTER = auto()
    TAB = auto()
    ESCAPE = auto()
    BACKSPACE = auto()
    ERASE_WORD = auto()
    ERASE_LINE = auto()
    END = auto()
    """Ctrl+D."""
    INTERRUPT = auto()
    """Ctrl+C, where it does not become a signal."""


class Stroke(Enum):
    """Change of a key."""

    PRESSED = auto()
    REPEATED = auto()
    RELEASED = auto()


@dataclass(frozen=True, slots=True)
class KeyStroke:
    """One key; a text is what it types."""

    key: Named | str
    stroke: Stroke = Stroke.PRESSED


@dataclass(frozen=True, slots=True)
class KnowsReleases:
    """The terminal can report when a key is let go."""


_CONTROLS = {
    0x03: Named.INTERRUPT,
    0x04: Named.END,
    0x08: Named.BACKSPACE,
    0x09: Named.TAB,
    0x0A: Named.ENTER,
    0x0D: Named.ENTER,
    0x15: Named.ERASE_LINE,
    0x17: Named.ERASE_WORD,
    0x1B: Named.ESCAPE,
    0x7F: Named.BACKSPACE,
}
_ARROWS = {"A": Named.UP, "B": Named.DOWN}
_STROKES = {"": Stroke.PRESSED, "1": Stroke.PRESSED, "2": Stroke.REPEATED, "3": Stroke.RELEASED}
_SEQUENCE = re.compile(r"\x1b(?:\[([0-9;:<=>?]*)[ -/]*([@-~])|O(.)|([^\[O]))", re.DOTALL)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:<=>?]*[ -/]*|O)?\Z")
_KEY = re.compile(r"(\d+)(?::(\d*))?[\d:]*(?:;(\d*)(?::(\d*))?)?(?:;([\d:]*))?\Z")
_TAB_IN_TEXT = re.compile(r"[^\x00- ]\t+[^\x00- ]")
"""Nobody's keys come so close together: it is pasted, and the key of that name is not meant."""
_SHIFT, _ALT, _CTRL = 1, 2, 4
_OTHER_MODIFIERS = 8 + 16 + 32
"""Super, hyper and meta; the locks above them change nothing."""
_PRIVATE = range(0xE000, 0xF900)
"""Code points of keys without a character, such as Shift itself."""


class KeyParser:
    """Reads strokes out of bytes that may be torn anywhere.

    Example:
        >>> list(KeyParser().feed("д ".encode()))
        [KeyStroke(key='д', stroke=<Stroke.PRESSED: 1>), KeyStroke(key=' ', stroke=<Stroke.PRESSED: 1>)]
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    @property
    def waits(self) -> bool:
        """Whether the last bytes may be the beginning of a sequence, or the key Escape."""
        return bool(self._rest)

    def feed(self, data: bytes) -> Iterator[KeyStroke | KnowsReleases]:
        """Take more bytes; what is unknown yields nothing."""
        text, self._rest = self._rest + self._decode(data), ""
        is_pasted = _TAB_IN_TEXT.search(text)
        while text:
            if text[0] != "\x1b":
                yield from _plain(" " if is_pasted and text[0] == "\t" else text[0])
                text = text[1:]
                continue
            found = _SEQUENCE.match(text)
            if found is None:
                if _UNFINISHED.match(text):
                    self._rest = text
                    return
                text = text[1:]
                continue
            text = text[found.end() :]
            yield from _sequence(found)

    def settle(self) -> Iterator[KeyStroke]:
        """Take what waits for what it is: nothing more has come for a while."""
        if self._rest == "\x1b":
            yield KeyStroke(Named.ESCAPE)
        self._rest = ""


def _plain(character: str) -> Iterator[KeyStroke]:
    named = _CONTROLS.get(ord(character))
    if named is not None:
        yield KeyStroke(named)
    elif _is_text(character):
        yield KeyStroke(character)


def _sequence(found: re.Match[str]) -> Iterator[KeyStroke | KnowsReleases]:
    parameters, final = found[1] or "", found[2] or found[3]
    if final in _ARROWS and not parameters:
        yield KeyStroke(_ARROWS[final])
    if final != "u" or found[2] is None:
        return
    if parameters.startswith("?"):
        yield KnowsReleases()
        return
    key = _KEY.match(parameters)
    if key is not None:
        yield from _reported(key)


def _reported(key: re.Match[str]) -> Iterator[KeyStroke]:
    """One key in the protocol's form."""
    code, modifiers = int(key[1]), int(key[3] or 1) - 1
    stroke = _STROKES.get(key[4] or "", Stroke.PRESSED)
    if modifiers & (_ALT | _OTHER_MODIFIERS) or code > 0x10FFFF:
        return
    if modifiers & _CTRL:
        # The letters' codes as of old: Ctrl+C is 3.
        named = _CONTROLS.get(code & 0x1F) if ord("a") <= code <= ord("z") else None
    else:
        named = _CONTROLS.get(code)
    if named is not None:
        yield KeyStroke(named, stroke)
    elif not modifiers & _CTRL and code not in _PRIVATE:
        shifted = int(key[2]) if modifiers & _SHIFT and key[2] else code
        text = "".join(chr(int(point)) for point in (key[5] or str(shifted)).split(":") if point)
        if _is_text(text):
            yield KeyStroke(text, stroke)


def _is_text(typed: str) -> bool:
    """Whether it may stand in a line: also spaces that do not break, and the joiners that scripts and emoji need."""
    return bool(typed) and spoken(typed) == typed
