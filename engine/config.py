"""The person's configuration: keys and audio defaults, from a TOML file and from the environment, which wins.

The file is `config.toml` in the system's folder for configurations (`~/.config/voice` on Linux), or the one that
`VOICE_CONFIG` names:

    [keys]
    yandex_api_key = "..."
    yandex_folder_id = "..."

    [audio]
    backend = "sounddevice"
    input = "usb"

Tables of `PARTS` are read by the parts of the engine that they are for.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_config_path

from engine.errors import InvalidInputError

CONFIG_VARIABLE = "VOICE_CONFIG"
PARTS = ("tools", "mcp", "remote_mcp", "prices", "turns")
"""Tables that `tools.config`, `cost.prices` and `providers.turn_config` of `engine.realtime` check."""
_MASK = "***"


class Secret:
    """A key or token that shows itself only to the one who asks by name.

    Example:
        >>> key = Secret("AQVN-1234")
        >>> f"{key} {key!r}", key.reveal()
        ('*** ***', 'AQVN-1234')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself: for a header, never for a text."""
        return self._value

    def __repr__(self) -> str:
        return _MASK

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class Keys:
    """`[keys]`: what the services ask for; each field can also come from its environment variable."""

    yandex_api_key: Secret | None = field(default=None, metadata={"variable": "YANDEX_CLOUD_API_KEY", "secret": True})
    yandex_folder_id: str | None = field(default=None, metadata={"variable": "YANDEX_CLOUD_FOLDER_ID", "secret": False})
    yandex_iam_token: Secret | None = field(
        default=None, metadata={"variable": "YANDEX_CLOUD_IAM_TOKEN", "secret": True}
    )
    vector_store_id: str | None = field(default=None, metadata={"variable": "VECTOR_STORE_ID", "secret": False})
    openai_api_key: Secret | None = field(default=None, metadata={"variable": "OPENAI_API_KEY", "secret": True})
    voice_api_key: Secret | None = field(default=None, metadata={"variable": "VOICE_API_KEY", "secret": True})
    """Bearer of a server that is named by its address."""


@dataclass(frozen=True, slots=True)
class AudioDefaults:
    """`[audio]`: the backend, the microphone and the speaker of a session that names none."""

    backend: str | None = field(default=None, metadata={"variable": "VOICE_BACKEND", "secret": False})
    input: str | None = field(default=None, metadata={"variable": "VOICE_INPUT", "secret": False})
    output: str | None = field(default=None, metadata={"variable": "VOICE_OUTPUT", "secret": False})


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; every value that is set nowhere is None."""

    keys: Keys = field(default_factory=Keys)
    audio: AudioDefaults = field(default_factory=AudioDefaults)
    parts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The tables of `PARTS` as they stand in the file; secrets may be among them."""

    def overridden_by(self, environ: Mapping[str, str]) -> Config:
        """Return the same with every value replaced that `environ` sets to something."""
        return Config(_with_environment(self.keys, environ), _with_environment(self.audio, environ), self.parts)


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """Path at which the configuration file is looked for."""
    named = (os.environ if environ is None else environ).get(CONFIG_VARIABLE, "").strip()
    return Path(named).expanduser() if named else user_config_path("voice", appauthor=False) / "config.toml"


def load_config(environ: Mapping[str, str] | None = None, *, may_be_new: bool = False) -> Config:
    """Read the file, if there is one, and let the environment override it.

    Args:
        environ: Environment variables; None takes the process's own.
        may_be_new: Whether the file that `VOICE_CONFIG` names is still to be made.

    Raises:
        InvalidInputError: the file named by `VOICE_CONFIG` does not exist and must, or a file is unreadable, is
            not TOML, or has an unknown table, an unknown key or a value that is not a string. The message names the
            file, never a value.
    """
    environ = os.environ if environ is None else environ
    path = config_path(environ)
    may_be_absent = may_be_new or not environ.get(CONFIG_VARIABLE, "").strip()
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        if not may_be_absent:
            raise not_taken(path, error) from None
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise not_taken(path, error) from None
    return _config_of(text, path).overridden_by(environ)


def _config_of(text: str, path: Path) -> Config:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise not_taken(path, error) from None
    tables = {"keys": Keys, "audio": AudioDefaults}
    known = (*tables, *PARTS)
    for name in document:
        if name not in known:
            raise InvalidInputError(f"The configuration {path} has an unknown table '{name}'.", fix=_known(known))
    return Config(
        keys=_table(Keys, "keys", document.get("keys", {}), path),
        audio=_table(AudioDefaults, "audio", document.get("audio", {}), path),
        parts={name: document[name] for name in PARTS if name in document},
    )


def not_taken(path: Path, error: Exception) -> InvalidInputError:
    """Return the error for a configuration that cannot be read, or is no TOML: where it is wrong, and the fix.

    Args:
        path: The file.
        error: What the system, the codec or the parser said, which names the line and quotes nothing.
    """
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return InvalidInputError(
                f"There is no configuration {path}, which {CONFIG_VARIABLE} names.",
                fix=f"Correct {CONFIG_VARIABLE}, or unset it.",
            )
        case IsADirectoryError():
            return InvalidInputError(
                f"The configuration {path} is a folder.",
                fix=f"Let {CONFIG_VARIABLE} name a file, or remove the folder.",
            )
        case OSError():
            return InvalidInputError(
                f"The configuration {path} cannot be read: {error.strerror}.",
                fix=f"Make it readable, or name another file with {CONFIG_VARIABLE}.",
            )
        case UnicodeDecodeError():
            line = error.object.count(b"\n", 0, error.start) + 1
            return InvalidInputError(f"The configuration {path} is not UTF-8 at line {line}.", fix="Save it as UTF-8.")
        case _:
            return InvalidInputError(
                f"The configuration {path} is not valid TOML: {error}.", fix="Correct that line, or remove the file."
            )


_Table = TypeVar("_Table", Keys, AudioDefaults)


def _table(kind: type[_Table], name: str, values: Any, path: Path) -> _Table:
    if not isinstance(values, dict):
        raise InvalidInputError(
            f"In the configuration {path}, '{name}' must be a table.",
            fix=f"Write [{name}] on a line of its own, and its values below.",
        )
    known = {entry.name: entry for entry in fields(kind)}
    taken: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise InvalidInputError(
                f"The configuration {path} has an unknown key '{key}' in [{name}].", fix=_known(known)
            )
        if not isinstance(value, str):
            raise InvalidInputError(
                f"In the configuration {path}, '{key}' in [{name}] must be a string.",
                fix=f'Put its value in quotes: {key} = "...".',
            )
        taken[key] = _value(value, secret=known[key].metadata["secret"])
    return kind(**taken)


def _with_environment(table: _Table, environ: Mapping[str, str]) -> _Table:
    changes: dict[str, Any] = {
        entry.name: _value(environ[entry.metadata["variable"]], secret=entry.metadata["secret"])
        for entry in fields(table)
        if environ.get(entry.metadata["variable"], "").strip()
    }
    return replace(table, **changes)


def _value(text: str, *, secret: bool) -> Secret | str | None:
    """A blank value counts as not set; the spaces and line ends that pasting leaves around a key go."""
    text = text.strip()
    if not text:
        return None
    return Secret(text) if secret else text


def _known(names: Iterable[str]) -> str:
    return f"Known names: {', '.join(names)}."
