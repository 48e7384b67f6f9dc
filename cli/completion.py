"""Words that the shell completes: services, backends, devices, profiles and sessions, as this machine has them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

Completer = Callable[[str], list[str]]


def _completer(names: Callable[[], Iterable[str]]) -> Completer:
    """Return a function that completes one of the names; where they cannot be had, it completes nothing."""

    def complete(incomplete: str) -> list[str]:
        try:
            found = [name for name in names() if name.lower().startswith(incomplete.lower())]
        except Exception:  # a shell has nowhere to show what is wrong
            return []
        # Bash alone takes the words as they are, spaces and quotes included.
        is_bash = os.environ.get("_VOICE_COMPLETE") == "complete_bash"
        return [re.sub(r"([^\w.,:/-])", r"\\\1", name) for name in found] if is_bash else found

    return complete


def _providers() -> Iterable[str]:
    from engine.realtime.providers.catalog import PROVIDERS  # noqa: PLC0415

    return PROVIDERS


def _backends() -> Iterable[str]:
    from engine.audio.device.registry import backend_names  # noqa: PLC0415

    return ["auto", *backend_names()]


def _profiles() -> Iterable[str]:
    from engine.config import parse, read_source  # noqa: PLC0415

    source = read_source(os.environ)
    return dict(parse(source.text, source.path).get("profiles", {}))


def _devices(direction: str) -> Iterable[str]:
    from engine.api.devices import list_devices  # noqa: PLC0415
    from engine.audio.device.matching import describe  # noqa: PLC0415
    from engine.audio.types import Direction  # noqa: PLC0415

    return [describe(device) for device in list_devices() if Direction(direction).channels_of(device)]


def _sessions() -> Iterable[str]:
    from cli.sessions.finding import folder  # noqa: PLC0415
    from engine.api.conversations import LAST, kept_recordings  # noqa: PLC0415

    return [LAST, *(path.name for path in reversed(kept_recordings(folder())))]


NAMES: dict[str, Callable[[], Iterable[str]]] = {"session.provider": _providers, "audio.backend": _backends}
"""Names that a key of the configuration takes, and no other text."""
PROVIDERS, BACKENDS, PROFILES = _completer(_providers), _completer(_backends), _completer(_profiles)
MICROPHONES = _completer(lambda: _devices("input"))
SPEAKERS = _completer(lambda: _devices("output"))
SESSIONS = _completer(_sessions)
