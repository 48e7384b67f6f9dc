"""A catalogue of translations that finds a sentence also with the values that stand in it.

A message of the catalogue is an f-string as the code has it: `{waiting_s:.1f} s of {name} are lost.` The sentence that
comes has values in its fields. A value is another's word and stays as it is, unless its field is one of `OURS`.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from gettext import GNUTranslations, translation
from pathlib import Path
from typing import IO

FIELD = re.compile(r"\{\{|\}\}|\{(?P<name>[a-z]\w*)(?:![rs])?(?::(?P<format>[^{}]*))?\}")
"""A field of a message, or a brace that stands for itself."""
_OURS = """
again alternative answers asked because bounds busy case choose counted cut devices direction dropped elsewhere ended
examine failure fix heading how how_to_keep info input_priority kind lack lacking lines meant measured message missing
moved must named no_device_fix note noted output_priority prices properties purpose quickness quiet reason recording
refused removed run same says scripts shortest side sign signs source state states strerror title total tried trouble
verb waiting_for what when whence where why words wrong
"""
OURS = frozenset(_OURS.split())
"""Fields whose values are words of ours, but where they stand in quotes."""
JOINTS = {"or_": " or ", "and_no_": " and no ", "and_": " and "}
"""Words between the parts of a value, by the beginning of its field's name."""
AROUND = " \t\n\b"
"""Not part of a message: white space, and what keeps Typer from filling lines."""
_NUMBER = r"\s*[+-]?\d[\d.,]*(?:e[+-]?\d+)?|[+-]?inf|nan"
_BOUNDS = ("least", "most")
"""Names of fields that hold figures."""
_MARKS = tuple(map(re.compile, (r"\n+", r"(?<=[.!?]) ", r"; ", r", ", r": ", r" (?=\()")))
"""Between the parts of a text that was joined from several, the strongest first."""
_LONGEST_JOINED, _MOST_PARTS = 300, 7
"""A text with more was not joined by us, and is another's."""
_LEAST_LETTERS, _LEAST_SIGNS, _FEW_LETTERS = 3, 6, 4
"""Messages with fewer, and a field that holds anything, are known only as a whole text: a part could be anybody's."""
_WORD = re.compile(r"(?<![\w\0])\w+(?![\w\0])")


class _Template:
    """A message with fields."""

    def __init__(self, message: str, translation: str) -> None:
        self.message, self.translation = message, translation
        self._literals = [_plain(literal) for literal in _literals(message)]
        self.begins = len(self._literals[0])
        """Letters before the first field: the more there are, the surer is what follows."""
        self.length = sum(map(len, self._literals))
        self.words = _WORD.findall(_plain("\0".join(_literals(message))))
        fields = [field for field in FIELD.finditer(message) if field["name"]]
        self.numbers = {field["name"] for field in fields if is_number(field["format"]) or field["name"] in _BOUNDS}
        """Fields with figures."""
        quoted = {field["name"] for field in fields if message[: field.start()].endswith(("'", "`", '"'))}
        self.ours = {field["name"] for field in fields if is_ours(field["name"])} - quoted
        """Fields whose values are words of ours."""
        said = "".join("".join(self._literals).split())
        self._letters = sum(map(str.isalpha, said))
        is_long = self._letters >= _LEAST_LETTERS or len(said) >= _LEAST_SIGNS
        self.may_be_part = is_long or len(self.numbers) == len(fields) or message.endswith("url}")
        self._last = fields[-1]["name"] if message.endswith("}") else ""
        """Field at the very end, which takes a full stop that another sentence has put there."""

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Compiled only for a sentence that has all of its literals."""
        pattern, end = "", 0
        for field in FIELD.finditer(self.message):
            pattern += re.escape(_plain(self.message[end : field.start()]))
            end = field.end()
            if field["name"]:
                pattern += f"(?P<{field['name']}>{self._values_of(field)})"
            else:
                pattern += re.escape(field[0][0])
        return re.compile(pattern + re.escape(self.message[end:]), re.DOTALL)

    def _values_of(self, field: re.Match[str]) -> str:
        """Pattern of what may stand in a field."""
        if field["name"] in self.numbers:
            return _NUMBER
        if field["name"].endswith("url"):
            return r"\S+"
        if field.start() == 0 and self._letters <= _FEW_LETTERS:
            return r"(?:\S+ ){0,3}\S+?"  # a few words, of which there would be many where the text is another's
        if self.message[: field.start()].endswith("}"):
            return r"(?:[,;:] .*?| \(.*?)?"  # what is added to the value before it
        return ".*?"

    def values(self, text: str) -> dict[str, str] | None:
        """Return what stands in the fields of a text; None if it is not of this message."""
        if not text.startswith(self._literals[0]) or not all(literal in text for literal in self._literals):
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
        templates = [_Template(*entry) for entry in self._messages.items() if any(FIELD.finditer(entry[0]))]
        templates.sort(key=lambda template: (-template.begins, -template.length))
        self._templates = {template.message: template for template in templates}
        often = Counter(word for template in templates for word in set(template.words))
        self._by_word: dict[str, list[int]] = {}
        """Places of the templates by the rarest word of each, which a text of theirs has; "" for those without any."""
        for place, template in enumerate(templates):
            rarest = min(template.words, key=lambda word: (often[word], word), default="")
            self._by_word.setdefault(rarest, []).append(place)
        self._in_order = templates
        self.tries = 0
        """Templates that texts were held against so far."""
        self.sentence = functools.lru_cache(1000)(self._sentence)
        """Return a text in this language, as far as it is known."""

    def filled(self, message: str, values: dict[str, object]) -> str:
        """Return the translation of a message with these values, none of which is translated."""
        if (template := self._templates.get(message)) is None:
            return message.format(**values)
        formatted: dict[str, str] = {}
        for field in FIELD.finditer(message):
            if name := field["name"]:
                formatted[name] = format(values[name], field["format"] or "")
                if name in template.numbers:
                    formatted[name] = formatted[name].replace(".", ",")
        return template.filled(formatted)

    def _sentence(self, text: str, *, is_part: bool = False) -> str:
        core = text.strip(AROUND)
        if not any(map(str.isalpha, core)):
            return text
        begin = text.index(core)
        found = self._find(core, is_part=is_part)
        return text[:begin] + (self._joined(core) if found is None else found) + text[begin + len(core) :]

    def _find(self, text: str, *, is_part: bool) -> str | None:
        """Return the translation of one message; None where it is none."""
        if text in self._messages:
            return self._messages[text]
        if (begun := text[:1].lower() + text[1:]) in self._messages:  # as the beginning of a sentence
            return self._messages[begun][:1].upper() + self._messages[begun][1:]
        words = {"", *_WORD.findall(text)}
        for place in sorted(place for word in words for place in self._by_word.get(word, ())):
            self.tries += 1
            template = self._in_order[place]
            values = template.values(text) if template.may_be_part or not is_part else None
            if values is not None:
                return template.filled({name: self._value(template, name, value) for name, value in values.items()})
        return None

    def _value(self, template: _Template, name: str, value: str) -> str:
        if name in template.numbers:
            return value.replace(".", ",")
        for beginning, joint in JOINTS.items():
            if name.startswith(beginning):
                return value.replace(joint, f" {self._messages[joint.strip()]} ")
        return self.sentence(value, is_part=True) if name in template.ours else value

    def _joined(self, text: str, strongest: int = 0) -> str:
        """Translate those of the texts that were joined into this one that are known: the longest runs of its parts."""
        if not text or len(text) > _LONGEST_JOINED or sum(len(mark.findall(text)) for mark in _MARKS) >= _MOST_PARTS:
            return text
        if text[0] == "(" and text[-1] == ")":
            return f"({self.sentence(text[1:-1], is_part=True)})"
        level = next((level for level in range(strongest, len(_MARKS)) if _MARKS[level].search(text)), None)
        if level is None:
            return self._part(text) or text
        marks = list(_MARKS[level].finditer(text))
        begins, ends = [0, *(mark.end() for mark in marks)], [*(mark.start() for mark in marks), len(text)]
        told, at = "", 0
        while at < len(begins):
            for last in range(len(begins) - 1, at - 1, -1):
                piece = text[begins[at] : ends[last]]
                if (found := self._part(piece)) is not None or last == at:
                    told += self._joined(piece, level + 1) if found is None else found
                    break
            told += marks[last][0] if last < len(marks) else ""
            at = last + 1
        return told

    def _part(self, text: str) -> str | None:
        """One word alone is rather a name than one of ours. A full stop may have come or gone."""
        if " " not in text:
            return None
        found = self._find(text, is_part=True)
        if found is None and text[-1] == ".":
            without = self._find(text[:-1], is_part=True)
            return without and f"{without}."
        if found is None and (with_stop := self._find(f"{text}.", is_part=True)):
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


def is_ours(name: str) -> bool:
    """Whether a field of this name holds words of ours.

    Example:
        >>> is_ours("reason"), is_ours("reason2"), is_ours("name")
        (True, True, False)
    """
    return name.rstrip("0123456789") in OURS


def _literals(message: str) -> Iterator[str]:
    end = 0
    for field in FIELD.finditer(message):
        if field["name"]:
            yield message[end : field.start()]
            end = field.end()
    yield message[end:]


def _plain(literal: str) -> str:
    return literal.replace("{{", "{").replace("}}", "}")
