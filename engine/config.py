"""The person's configuration: keys and defaults, from a TOML file and from the environment, which wins.

The file is `config.toml` in the system's folder for configurations (`~/.config/voice` on Linux), or the one that
`VOICE_CONFIG` names:

    [keys]
    yandex_api_key = "..."
    yandex_folder_id = "..."

    [audio]
    backend = "sounddevice"
    input = "usb"

    [profiles.kitchen.audio]          # what differs where `VOICE_PROFILE` is "kitchen"
    input = "webcam"

The other tables are described in `engine.config_tables`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args, get_type_hints

from engine.config_errors import Source, names_of, unfit, unreadable
from engine.config_path import CONFIG_VARIABLE, PROFILE_VARIABLE, config_path
from engine.config_tables import (
    As,
    Interrupter,
    McpName,
    McpServer,
    Offer,
    Prices,
    ProcessingOptions,
    RecordingOptions,
    RemoteMcp,
    ScreenOptions,
    TurnOptions,
)
from engine.errors import InvalidInputError
from engine.files import read_bounded
from engine.key_ring import stored_keys
from engine.redaction import Secret

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_LARGEST_BYTES, _DEEPEST = 256 * 1024, 100
VARIABLES = {
    "keys": {
        "yandex_api_key": "YANDEX_CLOUD_API_KEY",
        "yandex_folder_id": "YANDEX_CLOUD_FOLDER_ID",
        "yandex_iam_token": "YANDEX_CLOUD_IAM_TOKEN",
        "vector_store_id": "VECTOR_STORE_ID",
        "openai_api_key": "OPENAI_API_KEY",
        "voice_api_key": "VOICE_API_KEY",
    },
    "audio": {"backend": "VOICE_BACKEND", "input": "VOICE_INPUT", "output": "VOICE_OUTPUT"},
    "screen": {"lang": "VOICE_LANG"},
}
"""Environment variables, by the table and the key that they come before."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")


# A blank value counts as not set; the spaces and line ends that pasting leaves around a key go.
_Open = Annotated[str | None, As("a string", (str,), convert=lambda text: text.strip() or None)]
_Hidden = Annotated[
    Secret | None, As("a string", (str,), convert=lambda text: Secret(text.strip()) if text.strip() else None)
]


@dataclass(frozen=True, slots=True)
class Keys:
    """`[keys]`: what the services ask for."""

    yandex_api_key: _Hidden = None
    yandex_folder_id: _Open = None
    yandex_iam_token: _Hidden = None
    vector_store_id: _Open = None
    openai_api_key: _Hidden = None
    voice_api_key: _Hidden = None
    """Bearer of a server that is named by its address."""


@dataclass(frozen=True, slots=True)
class AudioDefaults:
    """`[audio]`: the backend, the microphone and the speaker of a session that names none."""

    backend: _Open = None
    input: _Open = None
    output: _Open = None


@dataclass(frozen=True, slots=True)
class SessionDefaults:
    """`[session]`: what a session takes that names nothing else; model and voice are those of this provider."""

    provider: _Open = None
    url: _Open = None
    """Address of the server; with a provider, that one's protocol and key go there."""
    model: _Open = None
    voice: _Open = None
    instructions: _Open = None
    """The text, or `@FILE`."""
    budget: Annotated[float, As("an amount, 0 or more", (int, float), lambda amount: 0 <= amount <= 1e12)] | None = None
    barge_in: Interrupter | None = None
    duck_ms: Annotated[int, As("a whole number from 0 to 10000", (int,), range(10_001).__contains__)] | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; every key that is set nowhere is None."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    keys: Keys = field(default_factory=Keys)
    audio: AudioDefaults = field(default_factory=AudioDefaults)
    tools: Offer = field(default_factory=Offer)
    mcp: dict[McpName, McpServer] = field(default_factory=dict)
    remote_mcp: dict[McpName, RemoteMcp] = field(default_factory=dict)
    prices: dict[str, Prices] = field(default_factory=dict)
    turns: TurnOptions = field(default_factory=TurnOptions)
    processing: ProcessingOptions = field(default_factory=ProcessingOptions)
    session: SessionDefaults = field(default_factory=SessionDefaults)
    recording: RecordingOptions = field(default_factory=RecordingOptions)
    screen: ScreenOptions = field(default_factory=ScreenOptions)

    def overridden_by(self, environ: Mapping[str, str]) -> Config:
        """Return the same with every key and default replaced that `environ` sets to something."""
        given = {
            table: {key: text for key, variable in variables.items() if (text := environ.get(variable, "").strip())}
            for table, variables in VARIABLES.items()
        }
        keys: dict[str, Any] = {
            key: Secret(text) if key.endswith(("_key", "_token")) else text for key, text in given["keys"].items()
        }
        screen: dict[str, Any] = {**given["screen"]}
        audio = replace(self.audio, **given["audio"])
        return replace(self, keys=replace(self.keys, **keys), audio=audio, screen=replace(self.screen, **screen))

    def with_stored_keys(self, environ: Mapping[str, str]) -> Config:
        """Return the same with the keys of the system's keyring, which come after the environment's."""
        secret = (name for name in VARIABLES["keys"] if name.endswith(("_key", "_token")))
        wanted = [name for name in secret if not environ.get(VARIABLES["keys"][name], "").strip()]
        stored: dict[str, Any] = dict(stored_keys(wanted, environ))
        return replace(self, keys=replace(self.keys, **stored)) if stored else self

    @property
    def tool_secrets(self) -> list[str]:
        """Secrets of the tools' and the MCP servers' settings, which no text may show."""
        servers: tuple[McpServer | RemoteMcp, ...] = (*self.mcp.values(), *self.remote_mcp.values())
        return [*self.tools.env.values(), *(secret for server in servers for secret in server.secrets)]


def origin_of(key: str) -> str:
    """Return what names a default of `[audio]`: an environment variable, or the configuration file."""
    variable = VARIABLES["audio"][key]
    return variable if os.environ.get(variable, "").strip() else f"[audio] in {config_path()}"


def load_config(
    environ: Mapping[str, str] | None = None, *, may_be_new: bool = False, only_devices: bool = False
) -> Config:
    """Read the file, if there is one, lay the chosen profile over it, and let the environment override it.

    Args:
        environ: Environment variables; None takes the process's own.
        may_be_new: Whether the file that `VOICE_CONFIG` names is still to be made.
        only_devices: Read `[keys]`, `[audio]` and `[session]` alone, and ask no keyring: the variables that other
            tables ask for need not be set.

    Raises:
        InvalidInputError: the file named by `VOICE_CONFIG` does not exist and must, a file is unreadable, is not TOML,
            has an unknown table or key, or a value that does not fit, or there is no such profile. The message names
            the file and the line, never a value.
    """
    environ = os.environ if environ is None else environ
    source = read_source(environ, may_be_new=may_be_new)
    document = _with_profile(parse(source.text, source.path), source)
    if only_devices:
        others = {entry.name for entry in fields(Config)} - {"keys", "audio", "session"}
        document = {name: table for name, table in document.items() if name not in others}
    config = check_config(_filled_in(document, environ, source.path), source).overridden_by(environ)
    return config if only_devices else config.with_stored_keys(environ)


def read_source(environ: Mapping[str, str], *, may_be_new: bool = False) -> Source:
    """Return the file that these variables choose, empty where there is none, and the profile.

    Raises:
        InvalidInputError: it cannot be read, or `VOICE_CONFIG` names one that must exist and does not.
    """
    path = config_path(environ)
    profile = environ.get(PROFILE_VARIABLE, "").strip()
    try:
        return Source(path, read_config(path), profile)
    except (FileNotFoundError, NotADirectoryError) as error:
        if environ.get(CONFIG_VARIABLE, "").strip() and not may_be_new:
            raise unreadable(path, error) from None
        return Source(path, profile=profile)
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error) from None


def parse(text: str, path: Path) -> dict[str, Any]:
    """Return a configuration's document.

    Raises:
        InvalidInputError: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(path, error) from None


def read_config(path: Path) -> str:
    """Return the file's text.

    Raises:
        OSError, UnicodeDecodeError: it cannot be read.
        RecursionError: it would take the parser's memory.
    """
    text = read_bounded(path, _LARGEST_BYTES)
    if any(line.count(".") > _DEEPEST for line in text.splitlines()):
        raise RecursionError
    return text


def check_key(text: str, path: Path, dotted: str, environ: Mapping[str, str]) -> None:
    """Refuse a configuration in which this key, or its table, does not fit; the other tables may be wrong.

    Raises:
        InvalidInputError: what is wrong.
    """
    profile, names = split_profile(dotted)
    table, source = names[0], Source(path, text, profile, proposed=names)
    document = _with_profile(parse(text, path), source)
    check_config(_filled_in({table: document.get(table, {})}, environ, path), source)


def split_profile(dotted: str) -> tuple[str, tuple[str, ...]]:
    """Return the profile that a dotted key belongs to, or "", and its names below.

    Raises:
        InvalidInputError: it names no key of a table.
    """
    names = names_of(dotted)
    profile, names = (names[1], names[2:]) if names[:1] == ("profiles",) and len(names) > 2 else ("", names)
    if len(names) < 2:
        raise InvalidInputError(f"'{dotted}' names no key.", fix="Write TABLE.KEY, such as audio.input.")
    return profile, names


def _with_profile(document: dict[str, Any], source: Source) -> dict[str, Any]:
    profiles = document.pop("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(profile, dict) for profile in profiles.values()):
        raise unfit("dict_type", ["profiles"], [], {}, source)
    if not source.profile:
        return document
    if source.profile not in profiles:
        has = f"It has {', '.join(profiles)}." if profiles else f"Begin it with [profiles.{source.profile}.audio]."
        raise InvalidInputError(f"The configuration {source.path} has no profile '{source.profile}'.", fix=has)
    return {**document, **_laid_over(document, profiles[source.profile])}


def _laid_over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {key: _laid_over(below.get(key), above.get(key, below.get(key))) for key in {**below, **above}}


def check_config(document: dict[str, Any], source: Source) -> Config:
    """Return the configuration that a document describes.

    Raises:
        InvalidInputError: it has an unknown table or key, or a value that does not fit.
    """
    if not document:
        return Config()
    from pydantic import ValidationError  # noqa: PLC0415 - takes longer to load than many a command takes

    try:
        return _adapter().validate_python(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = [str(step) for step in first["loc"] if step != "[key]"]
        known = _known_names(place[:-1]) if first["type"] == "unexpected_keyword_argument" else []
        raise unfit(first["type"], place, known, first.get("ctx", {}), source) from None


@cache
def _adapter() -> TypeAdapter[Config]:
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(Config)


def _known_names(tables: Sequence[str]) -> list[str]:
    """The keys that may stand in a table."""
    kind: Any = Config
    for step in tables:
        kind = get_type_hints(kind)[step] if is_dataclass(kind) else get_args(kind)[1]
    if not is_dataclass(kind):
        kind = get_args(kind)[1]
    return [entry.name for entry in fields(kind)]


def _filled_in(value: Any, environ: Mapping[str, str], path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _filled_in(entry, environ, path) for key, entry in value.items()}
    if isinstance(value, list):
        return [_filled_in(entry, environ, path) for entry in value]
    if not isinstance(value, str):
        return value
    for name in _VARIABLE.findall(value):
        if name not in environ:
            raise InvalidInputError(
                f"The configuration {path} asks for the environment variable {name}, which is not set.",
                fix=f"Set {name}, or write its value in place of ${{{name}}}.",
            )
    return _VARIABLE.sub(lambda found: environ[found[1]], value)
