"""Keys in the system's keyring, where there is one. It is never waited for long: a locked one may ask the person."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from engine.daemon_thread import DaemonThread
from engine.errors import InvalidInputError
from engine.redaction import Secret

SERVICE = "voice"
"""Name under which the keys are found in the keyring, each by its name under `[keys]`."""
PATIENCE_S = 2.0
_Answer = TypeVar("_Answer")
_log = logging.getLogger(__name__)


def stored_keys(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, Secret]:
    """Return those of the keys that the keyring has; none where it is missing, locked or silent, with a warning.

    Args:
        names: Keys of `[keys]`.
        environ: Environment variables, which say whether there may be a keyring.
    """
    if not may_exist(environ):
        return {}
    wanted = tuple(names)
    try:
        found = _asked(lambda ring: {name: ring.get_password(SERVICE, name) for name in wanted})
    except InvalidInputError as error:
        _log.warning("%s The keys in it are not used.", error.message)
        return {}
    return {name: Secret(text.strip()) for name, text in found.items() if text and text.strip()}


def store_key(name: str, key: Secret) -> None:
    """Keep a key in the keyring.

    Raises:
        InvalidInputError: it is locked, refuses, or does not answer.
    """
    _asked(lambda ring: ring.set_password(SERVICE, name, key.reveal()))


@cache
def _has_library() -> bool:
    return find_spec("keyring") is not None


def may_exist(environ: Mapping[str, str]) -> bool:
    """Whether asking for a keyring is worth loading its library, which takes a third of a second."""
    if sys.platform == "linux" and not environ.get("PYTHON_KEYRING_BACKEND"):
        bus = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}") / "bus"
        if not environ.get("DBUS_SESSION_BUS_ADDRESS") and not bus.exists():
            return False
    return _has_library()


def _asked(question: Callable[[Any], _Answer]) -> _Answer:
    """Return what the keyring answers in time. One that hangs keeps its thread, and nothing else."""

    def ask() -> _Answer:
        import keyring  # noqa: PLC0415

        return question(keyring.get_keyring())

    try:
        answer: _Answer = DaemonThread().submit(ask).result(PATIENCE_S)
        return answer
    except TimeoutError:
        reason = f"has not answered for {PATIENCE_S:g} s"
    except Exception as error:
        if type(error).__name__ == "NoKeyringError":
            raise InvalidInputError("This system has no keyring.", fix="Keep the key in the configuration.") from None
        reason = f"refuses ({type(error).__name__})"
    raise InvalidInputError(
        f"The system's keyring {reason}.",
        fix="Unlock it, or keep the key in the environment or the configuration file.",
    )
