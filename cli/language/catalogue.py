"""A catalogue of translations that finds a sentence also with the values that stand in it.

A message of the catalogue is an f-string as the code has it: `{waiting_s:.1f} s of {name} are lost.` The sentence that
comes has values in its fields; the message it fits with the most letters is its own. Values are translated likewise,
unless they stand in quotes: those are names.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from gettext import GNUTranslations, translation
from pathlib import Path
from typing import IO

FIELD = re.compile(r"\{\{|\}\}|\{(?P<name>[a-z]\w*)(?:![rs])?(?::(?P<format>[^{}]*))?\}")
"""A field of a message, or a brace that stands for itself."""
_NUMBER = r"\s*[+-]?\d[\d.,]*(?:e[+-]?\d+)?|[+-]?inf|nan"
_MARKS = tuple(map(re.compile, (r"\n+", r"(?<=[.!?:]) ", r"; ", r", ", r": ", r" (?=\()", r" (?=')")))
"""Between the parts of a text that was joined from several, the strongest first."""
AROUND = " \t\n\b"
"""Not part of a message: white space, and what keeps Typer from filling lines."""
_STRONG = re.compile(r"\n|\. |; ")
"""Between parts, not within the value of one."""
JOINTS = {"or_": " or ", "and_no_": " and no ", "and_": " and "}
"""Words between the parts of a value, by the beginning of its field's name."""
_BOUNDS, _NAMES = ("least", "most"), {"device", "key", "output", "outcome"}
"""Names of fields that hold figures, and words that are not ours."""
_LEAST_LETTERS, _LEAST_SIGNS, _FEW_LETTERS = 3, 6, 4
"""Messages with fewer, and a field that holds anything, are known only as a whole text: a part could be anybody's."""


class _Template:
    """A message with fields."""

    def __init__(self, message: str, translation: str) -> None:
        self.translation = translation
        literals = [_plain(literal) for literal in _literals(message)]
        self.length = sum(map(len, literals))
        self._literals = sorted(literals, key=len, reverse=True)
        fields = [field for field in FIELD.finditer(message) if field["name"]]
        self.numbers = {field["name"] for field in fields if is_number(field["format"]) or field["name"] in _BOUNDS}
        """Fields with figures."""
        quoted = {field["name"] for field in fields if message[: field.start()].endswith(("'", "`", '"'))}
        self.names = quoted | _NAMES
        """Fields whose values are others' words: also those in quotes."""
        said = "".join("".join(literals).split())
        self._letters = sum(map(str.isalpha, said))
        is_long = self._letters >= _LEAST_LETTERS or len(said) >= _LEAST_SIGNS
        self.may_be_part = is_long or len(self.numbers) == len(fields) or message.endswith("url}")
        self._message = message
        self._last = fields[-1]["name"] if message.endswith("}") else ""
        """Field at the very end, which takes a full stop that another sentence has put there."""

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Compiled only for a sentence that has all of its literals."""
        pattern, end = "", 0
        for field in FIELD.finditer(self._message):
            pattern += re.escape(_plain(self._message[end : field.start()]))
            end = field.end()
            if field["name"]:
                pattern += f"(?P<{field['name']}>{self._values_of(field)})"
            else:
                pattern += re.escape(field[0][0])
        return re.compile(pattern + re.escape(self._message[end:]), re.DOTALL)

    def _values_of(self, field: re.Match[str]) -> str:
        """Pattern of what may stand in a field."""
        if field["name"] in self.numbers:
            return _NUMBER
        if field["name"].endswith("url"):
            return r"\S+"
        if field.start() == 0 and self._letters <= _FEW_LETTERS:
            return r"(?:\S+ ){0,3}\S+?"  # a few words, of which there would be many where the text is another's
        return ".*" if self._message[field.end() : field.end() + 1] == "{" else ".*?"

    def values(self, text: str) -> dict[str, str] | None:
        """Return what stands in the fields of a text; None if it is not of this message."""
        if self._literals[0] not in text or not all(literal in text for literal in self._literals):
            return None
        found = self._pattern.fullmatch(text)
        return None if found is None else found.groupdict()

    def filled(self, values: dict[str, str]) -> str:
        """Return the translation with values in its fields."""
        stop = ""
        if self._last and not self.translation.endswith("}") and values[self._last].endswith("."):
            values, stop = {**values, self._last: values[self._last][:-1]}, "."
        return FIELD.sub(lambda field: values[field["name"]] if field["name"] else field[0][0], self.translation) + stop


class Catalogue(GNUTranslations):
    """One language."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        known: dict[object, str] = vars(self)["_catalog"]
        self._messages = {message: text for message, text in known.items() if isinstance(message, str) and message}
        fielded = (_Template(*entry) for entry in self._messages.items() if any(FIELD.finditer(entry[0])))
        self._templates = sorted(fielded, key=lambda template: -template.length)
        self.sentence = functools.lru_cache(1000)(self._sentence)
        """Return a text in this language, as far as it is known."""
        self._message = functools.lru_cache(10_000)(self._find)

    def _sentence(self, text: str, *, is_part: bool = False) -> str:
        core = text.strip(AROUND)
        if not any(map(str.isalpha, core)):
            return text
        begin = text.index(core)
        found = self._message(core, is_part=is_part)
        return text[:begin] + (self._in_parts(core) if found is None else found) + text[begin + len(core) :]

    def _find(self, text: str, *, is_part: bool) -> str | None:
        """Return the translation of one message; None where it is none."""
        if text in self._messages:
            return self._messages[text]
        if (begun := text[:1].lower() + text[1:]) in self._messages:  # as the beginning of a sentence
            return self._messages[begun][:1].upper() + self._messages[begun][1:]
        for template in self._templates:
            values = template.values(text) if template.may_be_part or not is_part else None
            if values is not None and not (is_part and any(map(_STRONG.search, values.values()))):
                return template.filled({name: self._value(template, name, value) for name, value in values.items()})
        return None

    def _value(self, template: _Template, name: str, value: str) -> str:
        if name in template.numbers:
            return value.replace(".", ",")
        for beginning, joint in JOINTS.items():
            if name.startswith(beginning):
                value = value.replace(joint, f" {self._messages[joint.strip()]} ")
        is_name = name in template.names or (" " not in value and not value.islower())
        return value if is_name else self.sentence(value, is_part=True)

    def _in_parts(self, text: str) -> str:
        """Translate those of the texts that were joined into this one that are known."""
        if text[0] == "(" and text[-1] == ")":
            return f"({self.sentence(text[1:-1], is_part=True)})"
        for mark in _MARKS:
            places = list(mark.finditer(text))
            for place in reversed(places):
                if (head := self._part(text[: place.start()])) is not None:
                    return head + place[0] + self.sentence(text[place.end() :], is_part=True)
            for place in places:
                if (tail := self._part(text[place.end() :])) is not None:
                    return self.sentence(text[: place.start()], is_part=True) + place[0] + tail
        for mark in _MARKS:
            if first := mark.search(text):
                pieces = text[: first.start()], text[first.end() :]
                before, after = (self.sentence(piece, is_part=True) if " " in piece else piece for piece in pieces)
                return before + first[0] + after
        return text

    def _part(self, text: str) -> str | None:
        """One word alone is rather a name than one of ours. A full stop may have come or gone."""
        if " " not in text:
            return None
        found = self._message(text, is_part=True)
        if found is None and text[-1] == ".":
            without = self._message(text[:-1], is_part=True)
            return without and f"{without}."
        if found is None and (with_stop := self._message(f"{text}.", is_part=True)):
            return with_stop.removesuffix(".")
        return found


def catalogue_of(language: str) -> Catalogue:
    """Load the catalogue of a language that there is."""
    return translation("voice", Path(__file__).parent, [language], class_=Catalogue)


def is_number(form: str | None) -> bool:
    """Whether a field of this format holds a figure.

    Example:
        >>> is_number("+.1f"), is_number("<8"), is_number(None)
        (True, False, False)
    """
    return bool(form) and str(form)[-1] in "fgde%"


def _literals(message: str) -> Iterator[str]:
    end = 0
    for field in FIELD.finditer(message):
        if field["name"]:
            yield message[end : field.start()]
            end = field.end()
    yield message[end:]


def _plain(literal: str) -> str:
    return literal.replace("{{", "{").replace("}}", "}")
