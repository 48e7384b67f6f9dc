"""Values of the configuration as `voice config` shows them: the key, the value, and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from cli.language.spoken import word
from engine.config import VARIABLES, Config, load_config, read_source
from engine.config_errors import Source
from engine.redaction import MASK, Secret


@dataclass(frozen=True, slots=True)
class Setting:
    """One value. A secret is shown as `***`."""

    key: str
    value: Any
    origin: str
    """An environment variable, the keyring, the file with its line, or `default`."""


def settings(key: str = "") -> list[Setting]:
    """Return all values, or those under a key, in the order of the tables.

    Raises:
        InvalidInputError: the configuration does not fit.
    """
    source = read_source(os.environ)
    config = load_config()
    from_ring = {name for name, key in _keys(config).items() if key != _keys(load_config(only_devices=True))[name]}
    found = [
        Setting(".".join(place), value, word("keyring") if place[-1] in from_ring else _origin(place, source))
        for place, value in _values(config, ())
    ]
    return [each for each in found if not key or each.key == key or each.key.startswith(f"{key}.")]


def _keys(config: Config) -> dict[str, Any]:
    return {entry.name: getattr(config.keys, entry.name) for entry in fields(config.keys)}


def _values(table: Any, place: tuple[str, ...], hidden: bool = False) -> Iterator[tuple[tuple[str, ...], Any]]:
    if is_dataclass(table):
        entries = [(entry.name, getattr(table, entry.name), not entry.repr) for entry in fields(table)]
    else:
        entries = [(name if name.isidentifier() else f'"{name}"', value, False) for name, value in table.items()]
    for name, value, secret in entries:
        if isinstance(value, dict) or is_dataclass(value):
            yield from _values(value, (*place, name), hidden or secret)
        else:
            yield (*place, name), MASK if value and (hidden or secret or isinstance(value, Secret)) else value


def _origin(place: tuple[str, ...], source: Source) -> str:
    table, key = place[0], place[-1]
    variable = VARIABLES.get(table, {}).get(key, "")
    if os.environ.get(variable, "").strip():
        return variable
    named = [name.strip('"') for name in place]
    if (line := source.line_of(named)) and line != source.line_of(named[:-1]):
        return f"{source.path}, line {line}"
    return "default"
