"""Cuts what the agent wrote to what was heard of it, in proportion to the time: no server says when a word sounds.

The cut lies at the end of a word that was heard whole; where words are not set apart by spaces, as in Chinese and
Japanese, at the end of a character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from engine.audio.playback.segments import Heard

_FASTEST_PER_S = 20.0
"""Characters of speech in a second, spaces included: English has 15, Russian 14. A text may come whole while its audio
has only begun; in proportion to that beginning, far too much of it would have been heard."""


def heard_text(text: str, heard: Heard) -> str:
    """Return the part of a text that was heard, as whole words, without white space behind it.

    Args:
        text: The part of it that had come when playback was cut.
        heard: Lengths of its audio that had come and that was heard.

    Example:
        >>> from engine.audio.playback.segments import ItemKey
        >>> heard_text("Завтра в Москве будет снег.", Heard(ItemKey("item_1", 0), 1000, 2000, complete=True))
        'Завтра в'
    """
    characters = len(text) * min(1.0, heard.heard_ms / max(1, heard.received_ms))
    if not heard.complete:
        characters = min(characters, _FASTEST_PER_S * heard.heard_ms / 1000)
    # From there back to the nearest end: a live screen asks ten times a second, of texts of any length.
    end = next((at for at in range(int(characters), 0, -1) if _ends_word(text, at)), 0)
    return text[:end]


def heard_parts(texts: Mapping[int, str], heard: Mapping[int, Heard | None]) -> str:
    """Return what was heard of an item of several parts.

    Args:
        texts: The parts of its text by content index.
        heard: The parts of its audio by content index; None for one that was heard whole.
    """
    pieces = []
    for text, of_part in _pairs(texts, heard):
        piece = text.strip() if of_part is None else heard_text(text, of_part)
        pieces.append(piece)
        if piece != text.strip():
            break
    return " ".join(filter(None, pieces))


def _pairs(texts: Mapping[int, str], heard: Mapping[int, Heard | None]) -> Iterator[tuple[str, Heard | None]]:
    """The text of each part of the audio. By their indices; in their order where some server counts both apart."""
    if texts.keys() <= heard.keys():
        yield from ((texts[index], heard[index]) for index in sorted(texts))
        return
    in_order: Iterable[Heard | None] = [heard[index] for index in sorted(heard)]
    yield from zip((texts[index] for index in sorted(texts)), in_order, strict=False)


def _ends_word(text: str, at: int) -> bool:
    """Whether the character before this place is the last of a word."""
    before, after = text[at - 1], text[at : at + 1]
    if before.isspace():
        return False
    return not after or after.isspace() or (_stands_alone(before) and not _belongs_to_one_before(after))


def _stands_alone(character: str) -> bool:
    """Whether it is written without spaces around its words: ideographs, kana, and their punctuation."""
    return unicodedata.east_asian_width(character) == "W" and not unicodedata.category(character).startswith("S")


def _belongs_to_one_before(character: str) -> bool:
    """Whether it is a mark on the character before it, or closes what stands before it."""
    return unicodedata.category(character)[0] in "MP"
