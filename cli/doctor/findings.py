"""What `voice doctor` reports: one line for each thing it looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well as it could."""
    ERROR = "error"
    """Nobody can talk with `voice run` until it is repaired."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; neither text may contain a key."""

    subject: str
    verdict: Verdict
    text: str
    fix: str = ""


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(subject, Verdict.OK, text)


def warning(subject: str, text: str, fix: str) -> Finding:
    """Something could be better."""
    return Finding(subject, Verdict.WARNING, text, fix)


def error(subject: str, text: str, fix: str) -> Finding:
    """Something must be repaired."""
    return Finding(subject, Verdict.ERROR, text, fix)


Check = Callable[[], Iterator[Finding]]
"""Looks at one thing; may raise anything, which becomes a finding too."""
