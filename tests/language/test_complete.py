"""The catalogues know every message of the code, and nothing else: `make catalogue` brings them up to date."""

from __future__ import annotations

import re
from typing import get_args, get_type_hints

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo

from cli.language.catalogue import FIELD
from cli.language.choice import Language
from engine.config_tables import ScreenOptions
from tests.language.catalogue import LANGUAGES, path_of, read, template, untranslated


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return template()


def ids(catalog: Catalog) -> set[object]:
    return {message.id for message in catalog if message.id}


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_the_messages_of_the_code_and_no_others(wanted: Catalog, language: str) -> None:
    catalog = read(language)
    assert ids(wanted) - ids(catalog) == set(), "run `make catalogue` and translate what is new"
    assert ids(catalog) - ids(wanted) == set(), "run `make catalogue`"
    assert not catalog.obsolete
    assert untranslated(catalog) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_fields_of_its_message(language: str) -> None:
    for message in read(language):
        names = {field["name"] for field in FIELD.finditer(forms(message.id)[0]) if field["name"]}
        for text in forms(message.string):
            assert {field["name"] for field in FIELD.finditer(text) if field["name"]} == names, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_what_is_typed(language: str) -> None:
    """Options, and what stands in backticks, are the same in every language."""
    typed = re.compile(r"(?<![\w-])--[a-z][a-z-]+|`[^`]+`")
    for message in read(language):
        for text in forms(message.string) if isinstance(message.id, str) else []:
            assert sorted(typed.findall(text)) == sorted(typed.findall(str(message.id)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_text(language: str) -> None:
    with path_of(language, "mo").open("rb") as file:
        compiled = {str(forms(message.id)[0]): forms(message.string) for message in read_mo(file) if message.id}
    assert compiled == {forms(message.id)[0]: forms(message.string) for message in read(language) if message.id}


def test_the_configuration_takes_the_languages_that_there_are() -> None:
    kinds = get_args(get_type_hints(ScreenOptions)["lang"])
    assert {word for kind in kinds for word in get_args(kind)} == set(Language)
