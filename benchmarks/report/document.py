"""Reads what a run of `voice bench` has written, this one's or an older one's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from benchmarks.report.results import SCHEMA, Result
from engine.errors import InvalidInputError
from engine.files import read_bounded

_LARGEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """One run: where it was measured and what."""

    machine: Mapping[str, Any]
    results: tuple[Result, ...]
    quick: bool | None = None
    """Whether it only saw that everything works; None in a file from before they said so."""

    def to_json(self) -> dict[str, Any]:
        """Return the document that `voice bench --json` writes."""
        return {"schema": SCHEMA, **asdict(self), "results": [result.to_json() for result in self.results]}


def read_document(path: Path) -> Document:
    """Read a file of the form `voice-bench/1`.

    Raises:
        InvalidInputError: it cannot be read, is of another form, or is damaged; the message says which.
    """
    try:
        document = json.loads(read_bounded(path, _LARGEST_BYTES))
    except OSError as error:
        raise InvalidInputError(f"The figures in {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise InvalidInputError(f"{path} is not JSON.", fix=_FIX) from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        says = f"says it is {str(schema)[:40]!r}" if schema else "does not say what it is"
        raise InvalidInputError(f"{path} holds no figures of the form {SCHEMA}: it {says}.", fix=_FIX)
    try:
        return TypeAdapter(Document).validate_python(document)
    except ValidationError:
        raise InvalidInputError(f"{path} is damaged: it says {SCHEMA} and has not its fields.", fix=_FIX) from None


_FIX = "Name a file that `voice bench --json` wrote."
