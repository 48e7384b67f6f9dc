"""Base64 in vectors against the standard library's, on every length and on what is not base64."""

from __future__ import annotations

import base64
import binascii

import hypothesis.strategies as st
import numpy as np
from hypothesis import example, given, settings

from engine.dsp.base64 import decode_base64_at, encode_base64_at


def decode_base64(text: bytes) -> bytes | None:
    """What the kernel makes of a text."""
    characters = np.frombuffer(text or b" ", np.uint8)
    data = np.zeros(len(text) // 4 * 3 + 1, np.uint8)
    count = decode_base64_at(characters.ctypes.data, len(text), data.ctypes.data)
    assert data[-1] == 0
    return data[:count].tobytes() if count >= 0 else None


def encode_base64(data: bytes) -> bytes:
    """What the kernel makes of data."""
    source = np.frombuffer(data or b" ", np.uint8)
    text = np.zeros((len(data) + 2) // 3 * 4 + 1, np.uint8)
    count = encode_base64_at(source.ctypes.data, len(data), text.ctypes.data)
    assert count == text.size - 1
    assert text[-1] == 0
    return text[:count].tobytes()


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
    assert encode_base64(data) == text
    assert decode_base64(text) == data


def test_every_length_up_to_300() -> None:
    for length in range(300):
        data = bytes((7 * i + length) & 0xFF for i in range(length))
        text = base64.b64encode(data)
        assert encode_base64(data) == text
        assert decode_base64(text) == data


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
