"""Keys pressed, repeated and released, and text pasted, from the bytes that a terminal sends; `blessed` knows them.

Most terminals tell only of presses. Those that know the progressive keyboard protocol (kitty, foot, WezTerm, Ghostty,
recent Konsole and iTerm2) are asked for releases too, and then send every key as `CSI code;modifiers:event;text u`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from blessed.dec_modes import DecModeResponse
from blessed.keyboard import DEFAULT_SEQUENCE_MIXIN, Keystroke, get_keyboard_codes, resolve_sequence
from wcwidth import iter_graphemes

from cli.terminal.sanitize import spoken

ASK_FOR_RELEASES = "\x1b[?u"
"""A terminal that knows them answers; others do nothing."""
REPORT_RELEASES, REPORT_NO_RELEASES = "\x1b[>27u", "\x1b[<u"
"""Every key (8) as an escape code (1), with releases (2) and its text (16)."""
REPORT_PASTES, REPORT_NO_PASTES = "\x1b[?2004h", "\x1b[?2004l"
PASTE = "BRACKETED_PASTE"
"""Name of a text that was pasted as a whole."""

_SEQUENCES = dict(sorted(DEFAULT_SEQUENCE_MIXIN, key=lambda entry: -len(entry[0])))
_CODES = get_keyboard_codes()
_MODES = {2004: DecModeResponse.SET}
_SEQUENCE = re.compile(r"\x1b(?:\[200~.*?\x1b\[201~|\[(?!200~)[0-9;:<=>?]*[ -/]*[@-~]|O.|[^\[O])", re.DOTALL)
_UNFINISHED = re.compile(r"\x1b(?:\[200~.*|\[[0-9;:<=>?]*[ -/]*|O)?\Z", re.DOTALL)
_KNOWS_RELEASES = re.compile(r"\x1b\[\?\d*u\Z")
_BEGINS_PASTE = "\x1b[200~"
_CODE_POINTS = re.compile(r"\d{8,}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]+")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
"""Keys without a character, such as one of a game pad."""
_LOCKS_AND_SHIFT = 64 + 128 + 1


class Stroke(Enum):
    """Change of a key."""

    PRESSED = auto()
    REPEATED = auto()
    RELEASED = auto()


@dataclass(frozen=True, slots=True)
class Key:
    """One key, by the name that `blessed` gives it, or by what it types; a paste has both."""

    name: str = ""
    text: str = ""
    stroke: Stroke = Stroke.PRESSED


@dataclass(frozen=True, slots=True)
class KnowsReleases:
    """The terminal can report when a key is let go."""


class KeyParser:
    """Reads keys out of bytes that may be torn anywhere.

    Example:
        >>> list(KeyParser().feed("д\\t".encode()))
        [Key(name='', text='д', stroke=<Stroke.PRESSED: 1>), Key(name='KEY_TAB', text='', stroke=<Stroke.PRESSED: 1>)]
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    @property
    def waits(self) -> bool:
        """Whether the last bytes may be the beginning of a sequence, or the key Escape; a paste may take any time."""
        return bool(self._rest) and not self._rest.startswith(_BEGINS_PASTE)

    def feed(self, data: bytes) -> Iterator[Key | KnowsReleases]:
        """Take more bytes; what is unknown yields nothing."""
        text, self._rest = self._rest + self._decode(data), ""
        while text:
            if plain := _TEXT.match(text):
                yield from (Key(text=cluster) for cluster in iter_graphemes(plain[0]) if spoken(cluster) == cluster)
                text = text[plain.end() :]
            elif found := _SEQUENCE.match(text):
                yield from _sequence(found[0])
                text = text[found.end() :]
            elif _UNFINISHED.match(text):
                self._rest = text
                return
            else:
                yield from _key(text[0])
                text = text[1:]

    def settle(self) -> Iterator[Key]:
        """Take what waits for what it is: nothing more has come for a while."""
        if self.waits:
            rest, self._rest = self._rest, ""
            yield from _key(rest) if rest == "\x1b" else ()


def _sequence(text: str) -> Iterator[Key | KnowsReleases]:
    if _KNOWS_RELEASES.match(text):
        yield KnowsReleases()
    elif text.startswith(_BEGINS_PASTE) or not _CODE_POINTS.search(text):
        # Arrows come with an O where another program has left the terminal so.
        yield from _key(f"\x1b[{text[2:]}" if re.match("\x1bO[A-DFH]", text) else text)


def _key(text: str) -> Iterator[Key]:
    found = resolve_sequence(text, _SEQUENCES, _CODES, final=True, dec_mode_cache=_MODES)
    if len(found) == len(text):  # else blessed knows only its beginning
        yield from key_of(found)


def key_of(found: Keystroke) -> Iterator[Key]:
    """Return a key as `blessed` has read it, if it means anything."""
    stroke = Stroke.RELEASED if found.released else Stroke.REPEATED if found.repeated else Stroke.PRESSED
    name, typed = found.key_name or "", _typed(found)
    if name == PASTE:
        yield Key(PASTE, spoken((found.text or "").replace("\r\n", "\n")))
    elif typed or name.startswith("KEY_"):
        yield Key("" if typed else name, typed, stroke)


def _typed(found: Keystroke) -> str:
    """Text of a key that a terminal reports as a code; "" where it is a command."""
    if not found.uses_keyboard_protocol or found.code is not None or (found.modifiers - 1) & ~_LOCKS_AND_SHIFT:
        return ""
    value = str(found.key_value)
    return value if value and spoken(value) == value and not _PRIVATE.match(value) else ""
