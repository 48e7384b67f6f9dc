"""The language that a person wants: that of VOICE_LANG, or as configured, or that of the system."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from enum import StrEnum

from cli.language.spoken import ENGLISH, speak
from engine.config_path import PROFILE_VARIABLE, config_path
from engine.errors import InvalidInputError
from engine.files import read_bounded

LANGUAGE_VARIABLE = "VOICE_LANG"
_LARGEST_BYTES = 256 * 1024


class Language(StrEnum):
    """Languages that there are."""

    EN = ENGLISH
    RU = "ru"


def speak_as_wanted(environ: Mapping[str, str] = os.environ) -> None:
    """Say everything in the language that a person wants; English where there is no such."""
    wanted = (environ.get(LANGUAGE_VARIABLE, "").strip() or _configured(environ) or _of_system(environ)).lower()
    speak(next((language for language in Language if wanted.startswith(language)), ENGLISH))


def _configured(environ: Mapping[str, str]) -> str:
    """Return `lang` of `[screen]`; a configuration that is wrong is told of by whoever reads all of it."""
    try:
        text = read_bounded(config_path(environ), _LARGEST_BYTES)
        import tomllib  # noqa: PLC0415 - where there is no file, nothing is read with it

        document = tomllib.loads(text)
        profile = document.get("profiles", {}).get(environ.get(PROFILE_VARIABLE, "").strip(), {})
        return str(profile.get("screen", {}).get("lang") or document.get("screen", {}).get("lang") or "")
    except (OSError, ValueError, RecursionError, AttributeError, InvalidInputError):
        return ""


def _of_system(environ: Mapping[str, str]) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return environ[name]
    if sys.platform in ("win32", "darwin"):  # where a terminal need not name any
        import locale  # noqa: PLC0415

        with contextlib.suppress(ValueError):  # "en-US", or a name that Windows alone knows
            return locale.getlocale()[0] or ""
    return ""
