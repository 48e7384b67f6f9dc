"""The two frequent events between text and PCM16: an audio delta read, an append frame written, in compiled code.

A delta of 512 ms is 32 KB of text of which all but 200 bytes are the payload. It is read in one pass that copies
nothing but the payload, once, decoded; 4 us where json and base64 take 80. Whatever is not the plainest JSON object is
left to the full parser.
"""

from __future__ import annotations

import numpy as np
from numba import carray, types
from numpy.typing import NDArray

from engine.dsp.arrays import READ_BYTES
from engine.dsp.atomics import copy_bytes, load, store, uint8_pointer
from engine.dsp.base64 import decode_base64_at, decoded_length_at, encode_base64_at
from engine.dsp.builtin import builtin
from engine.dsp.compiled import inlined, kernel
from engine.dsp.python_objects import (
    characters_of,
    is_bytes,
    new_bytes,
    new_integer,
    new_text,
    nothing,
    refused,
    release,
    scratch_words,
    tuple_of,
)

_QUOTE, _BACKSLASH, _COLON, _COMMA, _OPEN, _CLOSE, _ZERO, _NINE, _LETTER_N = b'"\\:,{}09n'
_MOST_DIGITS = 15


def _characters(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("ascii"), np.uint8)


_NULL = _characters("null")
_TYPE_KEY, _RESPONSE_KEY, _ITEM_KEY = _characters("type"), _characters("response_id"), _characters("item_id")
_CONTENT_KEY, _DELTA_KEY, _EVENT_KEY = _characters("content_index"), _characters("delta"), _characters("event_id")
_TYPE, _RESPONSE, _ITEM, _CONTENT, _DELTA, _EVENT, _OTHER = range(7)
"""A field has two words: where its text begins and ends, or the number and 0; -1 before it is met."""
_NAME, _BETA_NAME = _characters("response.output_audio.delta"), _characters("response.audio.delta")

_find_byte = types.ExternalFunction("memchr", types.int64(types.int64, types.int32, types.int64))


@inlined()
def _is(address: int, first: int, last: int, name: NDArray[np.uint8]) -> bool:
    """Whether a part of the text is a name."""
    text = carray(uint8_pointer(address + first), (name.size,))
    different = np.uint8(last - first != name.size)
    if different == 0:
        for i in range(name.size):
            different |= text[i] ^ name[i]
    return bool(different == 0)


@inlined()
def _after_space(address: int, length: int, place: int) -> int:
    text = carray(uint8_pointer(address), (length,))
    while place < length and (text[place] == 32 or text[place] == 10 or text[place] == 13 or text[place] == 9):
        place += 1
    return place


@inlined()
def _end_of_plain(address: int, length: int, place: int) -> int:
    """Where a string of printable ASCII without escapes ends; -1 if it is another."""
    text = carray(uint8_pointer(address), (length,))
    while place < length and text[place] != _QUOTE:
        if text[place] < 32 or text[place] > 126 or text[place] == _BACKSLASH:
            return -1
        place += 1
    return place if place < length else -1


@kernel("int64(int64, int64, int64)")
def _field_named(address: int, first: int, last: int) -> int:
    if _is(address, first, last, _DELTA_KEY):
        return _DELTA
    if _is(address, first, last, _TYPE_KEY):
        return _TYPE
    if _is(address, first, last, _ITEM_KEY):
        return _ITEM
    if _is(address, first, last, _RESPONSE_KEY):
        return _RESPONSE
    if _is(address, first, last, _EVENT_KEY):
        return _EVENT
    return _CONTENT if _is(address, first, last, _CONTENT_KEY) else _OTHER


@inlined()
def _value_at(address: int, length: int, place: int, field: int, fields: int) -> int:
    """Note the value of a field; return where it ends, or -1 if it is not one of the simplest."""
    text = carray(uint8_pointer(address), (length,))
    if text[place] == _QUOTE and field != _CONTENT:
        first = place + 1
        if field == _DELTA:
            # What is inside is for the base64 decoder to judge.
            found = _find_byte(address + first, _QUOTE, length - first)
            last = found - address if found != 0 else -1
        else:
            last = _end_of_plain(address, length, first)
        store(fields, 2 * field, first)
        store(fields, 2 * field + 1, last)
        return last + 1 if last >= 0 else -1
    if _ZERO <= text[place] <= _NINE and (field in (_CONTENT, _OTHER)):
        first, value = place, 0
        while place < length and _ZERO <= text[place] <= _NINE:
            value = 10 * value + int(text[place]) - _ZERO
            place += 1
        store(fields, 2 * field, value)
        digits = place - first
        return place if digits == 1 or (digits <= _MOST_DIGITS and text[first] != _ZERO) else -1
    if text[place] == _LETTER_N and field not in (_TYPE, _DELTA):
        store(fields, 2 * field, 0)
        store(fields, 2 * field + 1, 0)
        return place + _NULL.size if _is(address, place, min(place + _NULL.size, length), _NULL) else -1
    return -1


@kernel("boolean(int64, int64, int64)")
def _scan(address: int, length: int, fields: int) -> bool:
    """Whether a text is one object of plain strings, numbers and nulls, none of ours twice; notes where ours are."""
    text = carray(uint8_pointer(address), (length,))
    for field in range(_OTHER + 1):
        store(fields, 2 * field, -1)
        store(fields, 2 * field + 1, -1)
    place = _after_space(address, length, 0)
    separator = _OPEN
    while place < length and text[place] == separator:
        separator = _COMMA
        first = _after_space(address, length, place + 1) + 1
        if first > length or text[first - 1] != _QUOTE:
            return False
        last = _end_of_plain(address, length, first)
        colon = _after_space(address, length, last + 1)
        if last < 0 or colon >= length or text[colon] != _COLON:
            return False
        field = _field_named(address, first, last)
        value = _after_space(address, length, colon + 1)
        if value >= length or (field != _OTHER and load(fields, 2 * field) != -1):
            return False
        place = _value_at(address, length, value, field, fields)
        if place < 0:
            return False
        place = _after_space(address, length, place)
    return (
        separator == _COMMA
        and place < length
        and text[place] == _CLOSE
        and _after_space(address, length, place + 1) == length
    )


@kernel("int64(int64, int64, int64)")
def _new_field(address: int, fields: int, field: int) -> int:
    first = load(fields, 2 * field)
    return new_text(address + max(first, 0), max(load(fields, 2 * field + 1) - first, 0))


@builtin
def _read(this: int, arguments: int, count: int) -> int:
    if count != 1:
        return refused()
    address, length = characters_of(load(arguments, 0))
    fields = scratch_words()
    if not _scan(address, length, fields) or load(fields, 2 * _DELTA) < 0:
        return nothing()
    first, last = load(fields, 2 * _TYPE), load(fields, 2 * _TYPE + 1)
    if not _is(address, first, last, _NAME) and not _is(address, first, last, _BETA_NAME):
        return nothing()
    payload, size = address + load(fields, 2 * _DELTA), load(fields, 2 * _DELTA + 1) - load(fields, 2 * _DELTA)
    decoded_size = decoded_length_at(payload, size)
    audio = new_bytes(0, decoded_size)
    if audio == 0:
        return audio
    if decode_base64_at(payload, size, characters_of(audio)[0]) != decoded_size:
        release(audio)
        return nothing()
    parts = scratch_words()
    store(parts, 0, _new_field(address, fields, _RESPONSE))
    store(parts, 1, _new_field(address, fields, _ITEM))
    store(parts, 2, new_integer(max(load(fields, 2 * _CONTENT), 0)))
    store(parts, 3, audio)
    store(parts, 4, _new_field(address, fields, _EVENT))
    return tuple_of(parts, 5)


def read_audio_delta(text: str | bytes) -> tuple[str, str, int, bytes, str] | None:
    """Read a response.output_audio.delta event (or the beta's response.audio.delta).

    Args:
        text: JSON.

    Returns:
        response_id, item_id, content_index, the decoded audio and event_id, with "" and 0 for what is missing or
        null. None on any doubt, for the full parser to decide: another event, an escape, a character outside ASCII, a
        nested value, a field twice, base64 that is not perfect.

    Example:
        >>> read_audio_delta('{"type": "response.output_audio.delta", "item_id": "i1", "delta": "AAAA"}')
        ('', 'i1', 0, b'\\x00\\x00\\x00', '')
    """
    fields: tuple[str, str, int, bytes, str] | None = _read(text)
    return fields


_BEFORE_ID = _characters('{"type": "input_audio_buffer.append", "event_id": "')
_BEFORE_AUDIO = _characters('", "audio": "')
_AFTER_AUDIO = _characters('"}')


@kernel(types.int64(types.int64, READ_BYTES))
def _copied(target: int, text: NDArray[np.uint8]) -> int:
    """Copy characters to an address; return the address after them."""
    out = carray(uint8_pointer(target), (text.size,))
    for i in range(text.size):
        out[i] = text[i]
    return target + text.size


@builtin
def _append(this: int, arguments: int, count: int) -> int:
    if count != 2:
        return refused()
    data = load(arguments, 1)
    name, name_length = characters_of(load(arguments, 0))
    if name == 0 or not is_bytes(data):
        return refused()
    characters = carray(uint8_pointer(name), (name_length,))
    for i in range(name_length):
        if characters[i] < 32 or characters[i] > 126 or characters[i] == _QUOTE or characters[i] == _BACKSLASH:
            return refused()
    source, length = characters_of(data)
    around = _BEFORE_ID.size + name_length + _BEFORE_AUDIO.size + _AFTER_AUDIO.size
    frame = new_bytes(0, around + (length + 2) // 3 * 4)
    if frame == 0:
        return frame
    place = _copied(characters_of(frame)[0], _BEFORE_ID)
    copy_bytes(place, name, name_length)
    place = _copied(place + name_length, _BEFORE_AUDIO)
    place += encode_base64_at(source, length, place)
    _copied(place, _AFTER_AUDIO)
    return frame


def append_frame(event_id: str, pcm16: bytes) -> bytes:
    """The text of an input_audio_buffer.append event, ready for the socket.

    0.25 us for 20 ms of audio, where json and base64 take 6.

    Args:
        event_id: Printable ASCII without quotes or backslashes, as `EventIds` gives.
        pcm16: Little-endian mono at the wire rate.

    Raises:
        TypeError: another event_id, or something else than bytes.

    Example:
        >>> append_frame("a1", b"\\0\\0\\0")
        b'{"type": "input_audio_buffer.append", "event_id": "a1", "audio": "AAAA"}'
    """
    frame: bytes = _append(event_id, pcm16)
    return frame
