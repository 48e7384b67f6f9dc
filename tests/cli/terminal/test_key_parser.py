"""Keys as terminals send them: characters of any script, pastes, and the presses and releases of kitty's protocol."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from cli.terminal.key_parser import PASTE, Key, KeyParser, KnowsReleases, Stroke

TEXTS = ("New\u00a0York", "a\u3000b", "10\u202f000", "\u0645\u06cc\u200c\u062e", "\U0001f468\u200d\U0001f469")
"""Spaces that do not break, that of Japanese, and the joiners of Persian and of emoji."""
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
CURSOR = [Key("KEY_UP"), Key("KEY_DOWN"), Key("KEY_RIGHT"), Key("KEY_LEFT"), Key("KEY_HOME"), Key("KEY_END")]


def keys(*parts: bytes) -> list[Key | KnowsReleases]:
    """Return the keys that bytes in these parts make, the last of which came a while ago."""
    stream = KeyParser()
    found = [key for part in parts for key in stream.feed(part)]
    return [*found, *stream.settle()]


def typed(text: str) -> list[Key]:
    """Every character pressed."""
    return [Key(text=character) for character in text]


def named(*names: str) -> list[Key]:
    """These keys pressed."""
    return [Key(f"KEY_{name}") for name in names]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b"a \xd0\xb9"], typed("a й")),
        ([b"\xd0", b"\xb9"], typed("й")),
        (["\u202e\u2028x".encode()], typed("x")),
        ([FAMILY.encode(), b"x"], [Key(text=FAMILY), Key(text="x")]),
        ([b"\x1b[12288;;12288u"], typed("\u3000")),
        ([b"\t\r\n\x7f\x04\x15\x17"], named("TAB", "ENTER", "ENTER", "BACKSPACE", "CTRL_D", "CTRL_U", "CTRL_W")),
        ([b"\x1b"], named("ESCAPE")),
        ([b"\x1b[5~\x1bOPx"], [*named("PGUP", "F1"), *typed("x")]),
        ([b"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F"], CURSOR),
        ([b"\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF"], CURSOR),
        ([b"\x1b[1~\x1b[4~\x1b[3~\x1bb"], named("HOME", "END", "DELETE", "ALT_B")),
        ([b"\x1b", b"[", b"1;5", b"Cx"], [*named("CTRL_RIGHT"), *typed("x")]),
        ([b"\x1b[?1u\x1b[?62;4c"], [KnowsReleases()]),
        ([b"\x1b[32u\x1b[32;1:2u\x1b[32;1:3u"], [Key(text=" ", stroke=stroke) for stroke in Stroke]),
        ([b"\x1b[97;2;65u"], typed("A")),
        ([b"\x1b[1081;;1081u"], typed("й")),
        ([b"\x1b[9u\x1b[13;1:3u"], [Key("KEY_TAB"), Key("KEY_ENTER", stroke=Stroke.RELEASED)]),
        ([b"\x1b[99;5u\x1b[100;5u\x1b[27u"], named("CTRL_C", "CTRL_D", "ESCAPE")),
        # A lock is no modifier, Alt and the Shift key itself are no text, and no code is too large.
        ([b"\x1b[97;65u"], typed("a")),
        ([b"\x1b[97;3u\x1b[57441u\x1b[97;9u"], named("ALT_A", "LEFT_SHIFT", "SUPER_A")),
        ([b"\x1b[99999999999u\x1b[57352u\x1b[;;u\x1b[uq"], typed("q")),
        # A paste is one key, however it comes, and no line of it is entered.
        ([b"\x1b[200~one\r\ntwo\tthree\x1b[201~\r"], [Key(PASTE, "one two three"), Key("KEY_ENTER")]),
        ([b"\x1b[20", b"0~one \xd0", b"\xb9\x1b[2", b"01~"], [Key(PASTE, "one й")]),
        ([b"\x1b[200~\x1b]52;c;x\x07\x1b[201~"], [Key(PASTE, " ]52;c;x ")]),
    ],
)
def test_keys_are_read_as_terminals_send_them(parts: list[bytes], expected: list[object]) -> None:
    assert keys(*parts) == expected


@pytest.mark.parametrize("text", TEXTS)
def test_every_character_types_whatever_its_script_wants(text: str) -> None:
    found = keys(text.encode())
    assert "".join(key.text for key in found if isinstance(key, Key)) == text


def test_a_paste_may_take_any_time() -> None:
    stream = KeyParser()
    assert list(stream.feed(b"\x1b[200~slow ")) == []
    assert not stream.waits
    assert list(stream.settle()) == []
    assert list(stream.feed(b"line\x1b[201~")) == [Key(PASTE, "slow line")]


def test_twenty_thousand_characters_are_read_at_once() -> None:
    assert len(keys(b"x" * 20_000)) == 20_000


# One letter at a time: characters that stand in one place are one key where they come together.
@given(st.lists(st.binary(max_size=12).map(lambda data: bytes(byte & 0x7F for byte in data)), max_size=6))
def test_any_bytes_in_any_parts_are_the_same_keys(parts: list[bytes]) -> None:
    assert keys(*parts) == keys(b"".join(parts))


@given(st.binary(max_size=40))
def test_no_bytes_are_too_much(data: bytes) -> None:
    keys(data)
