"""Findings of `voice doctor`, one line for each thing it looked at, and the configuration that it goes by."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cli.errors import on_command_line
from engine.config import Config, load_config
from engine.errors import VoiceError


class Verdict(StrEnum):
    """Outcome of a check."""

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
    return Finding(subject, Verdict.WARNING, text, on_command_line(fix))


def error(subject: str, text: str, fix: str) -> Finding:
    """Something must be repaired."""
    return Finding(subject, Verdict.ERROR, text, on_command_line(fix))


Check = Callable[[], Iterator[Finding]]
"""Looks at one thing; may raise anything, which becomes a finding too."""


def configuration_in_force() -> Config:
    """Return the configuration, or that of the environment alone where the file is broken: a finding of its own."""
    try:
        return load_config(only_devices=True)
    except VoiceError:
        return Config().overridden_by(os.environ)
