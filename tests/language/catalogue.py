"""Brings the catalogues up to date with the code: `python -m tests.language.catalogue`, or `make catalogue`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from cli.language.choice import Language
from cli.language.spoken import ENGLISH
from tests.language.extract import ROOT, Message, messages

_DATE = datetime(2026, 12, 1, tzinfo=UTC)
"""Date in the head of every catalogue: a true one would change the file where no message has changed."""
LANGUAGES = [language.value for language in Language if language != ENGLISH]


def path_of(language: str, ending: str = "po") -> Path:
    """File of a language."""
    return ROOT / "cli" / "language" / language / "LC_MESSAGES" / f"voice.{ending}"


def template() -> Catalog:
    """All messages of the code, without a translation."""
    catalog = Catalog(project="voice", fuzzy=False)
    places: dict[Message, list[str]] = {}
    for message, place in messages():
        places.setdefault(message, []).append(place)
    for message, found in places.items():
        catalog.add(message, locations=[(place, 0) for place in sorted(set(found))])
    return catalog


def read(language: str) -> Catalog:
    """The catalogue of a language as it stands."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def untranslated(catalog: Catalog) -> list[Message]:
    """Messages that lack a translation, or one of its plural forms, or have a proposed one."""
    found: list[Message] = []
    for message in catalog:
        forms = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and (message.fuzzy or not all(forms)):
            found.append(message.id if isinstance(message.id, str) else (message.id[0], message.id[1]))
    return found


def update(language: str) -> Catalog:
    """Take what is new, drop what is gone, and write both files; an old message that is alike is proposed as fuzzy."""
    catalog = read(language) if path_of(language).exists() else Catalog(language, fuzzy=False)
    catalog.project, catalog.version, catalog.msgid_bugs_address = "voice", "1", "the issues of the project"
    catalog.last_translator, catalog.language_team = "the contributors", language
    catalog.revision_date = catalog.creation_date = _DATE
    catalog.update(template(), update_creation_date=False)
    catalog.obsolete.clear()
    catalog.header_comment = "# Written by `make catalogue`; translations are written by people."
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    with path_of(language).open("wb") as file:
        write_po(file, catalog, width=120, sort_by_file=True, include_lineno=False, omit_header=False)
    with path_of(language, "mo").open("wb") as file:
        write_mo(file, catalog)
    return catalog


def main() -> None:
    """Update all."""
    for language in LANGUAGES:
        catalog = update(language)
        print(
            f"{path_of(language).relative_to(ROOT)}: {len(catalog)} messages, {len(untranslated(catalog))} to translate"
        )


if __name__ == "__main__":
    main()
