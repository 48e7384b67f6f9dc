"""Base64 in vectors against the standard library's, on every length and on what is not base64."""

from __future__ import annotations

import base64
import binascii

import hypothesis.strategies as st
from hypothesis import example, given, settings

from engine.dsp.base64 import decode_base64


def strictly(text: bytes) -> bytes | None:
    """What the standard library makes of it."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=300)
def test_what_the_library_encodes_comes_back(data: bytes) -> None:
    text = base64.b64encode(data)
    decoded = decode_base64(b"<" + text + b">", 1, len(text) + 1)
    assert decoded is not None
    assert bytes(decoded) == data


def test_every_length_up_to_300() -> None:
    for length in range(300):
        data = bytes((7 * i + length) & 0xFF for i in range(length))
        text = base64.b64encode(data)
        decoded = decode_base64(text)
        assert decoded is not None
        assert bytes(decoded) == data


@given(st.binary(min_size=1, max_size=300), st.integers(0, 500), st.integers(0, 255))
@settings(deadline=None, max_examples=500)
@example(b"x" * 96, 3, ord("="))
@example(b"x" * 96, 127, ord("="))
def test_a_changed_byte_is_judged_as_the_library_judges_it(data: bytes, place: int, byte: int) -> None:
    text = bytearray(base64.b64encode(data))
    text[place % len(text)] = byte
    decoded = decode_base64(bytes(text))
    expected = strictly(bytes(text))
    # Ours may be the stricter; what it accepts, it must decode alike.
    if decoded is not None:
        assert bytes(decoded) == expected
    elif expected is not None:
        assert b"=" in bytes(text)[:-2]


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_decoded_alike_or_refused(text: bytes) -> None:
    decoded = decode_base64(text)
    if decoded is not None:
        assert bytes(decoded) == strictly(text)


def test_a_part_outside_the_text_is_refused() -> None:
    assert decode_base64(b"AAAA", 0, 5) is None
    assert decode_base64(b"AAAA", -1, 3) is None
    assert decode_base64(b"AAAA", 3, 1) is None
    assert decode_base64(b"AAA") is None
    nothing = decode_base64(b"")
    assert nothing is not None
    assert bytes(nothing) == b""
