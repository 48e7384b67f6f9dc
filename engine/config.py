"""The person's configuration: keys and defaults, from a TOML file and from the environment, which wins.

The file is `config.toml` in the system's folder for configurations (`~/.config/voice` on Linux), or the one that
`VOICE_CONFIG` names:

    [keys]
    yandex_api_key = "..."
    yandex_folder_id = "..."

    [audio]
    backend = "sounddevice"
    input = "usb"

The other tables are described in `engine.config_tables`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args, get_type_hints

from platformdirs import user_config_path

from engine.config_tables import (
    As,
    Interrupter,
    McpName,
    McpServer,
    Offer,
    Prices,
    ProcessingOptions,
    RemoteMcp,
    TurnOptions,
)
from engine.errors import InvalidInputError
from engine.files import read_bounded
from engine.redaction import Secret

if TYPE_CHECKING:
    from pydantic import TypeAdapter

CONFIG_VARIABLE = "VOICE_CONFIG"
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

    def overridden_by(self, environ: Mapping[str, str]) -> Config:
        """Return the same with every key and default replaced that `environ` sets to something."""
        given = {
            table: {key: text for key, variable in variables.items() if (text := environ.get(variable, "").strip())}
            for table, variables in VARIABLES.items()
        }
        keys: dict[str, Any] = {
            key: Secret(text) if key.endswith(("_key", "_token")) else text for key, text in given["keys"].items()
        }
        return replace(self, keys=replace(self.keys, **keys), audio=replace(self.audio, **given["audio"]))

    @property
    def tool_secrets(self) -> list[str]:
        """Secrets of the tools' and the MCP servers' settings, which no text may show."""
        servers: tuple[McpServer | RemoteMcp, ...] = (*self.mcp.values(), *self.remote_mcp.values())
        return [*self.tools.env.values(), *(secret for server in servers for secret in server.secrets)]


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """Path at which the configuration file is looked for."""
    named = (os.environ if environ is None else environ).get(CONFIG_VARIABLE, "").strip()
    return Path(named).expanduser() if named else user_config_path("voice", appauthor=False) / "config.toml"


def origin_of(key: str) -> str:
    """Return what names a default of `[audio]`: an environment variable, or the configuration file."""
    variable = VARIABLES["audio"][key]
    return variable if os.environ.get(variable, "").strip() else f"[audio] in {config_path()}"


def load_config(
    environ: Mapping[str, str] | None = None, *, may_be_new: bool = False, only_devices: bool = False
) -> Config:
    """Read the file, if there is one, and let the environment override it.

    Args:
        environ: Environment variables; None takes the process's own.
        may_be_new: Whether the file that `VOICE_CONFIG` names is still to be made.
        only_devices: Read `[keys]` and `[audio]` alone: the variables that others ask for need not be set.

    Raises:
        InvalidInputError: the file named by `VOICE_CONFIG` does not exist and must, or a file is unreadable, is not
            TOML, has an unknown table or key, or a value that does not fit. The message names the file, never a value.
    """
    environ = os.environ if environ is None else environ
    path = config_path(environ)
    try:
        document = tomllib.loads(read_config(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        if environ.get(CONFIG_VARIABLE, "").strip() and not may_be_new:
            raise not_taken(path, error) from None
        document = {}
    except (OSError, ValueError, RecursionError) as error:
        raise not_taken(path, error) from None
    if only_devices:
        others = {entry.name for entry in fields(Config)} - VARIABLES.keys()
        document = {name: table for name, table in document.items() if name not in others}
    return check_config(_filled_in(document, environ, path), path).overridden_by(environ)


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


def check_config(document: dict[str, Any], path: Path) -> Config:
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
        raise _unfit(first["type"], tuple(map(str, first["loc"])), first.get("ctx", {}), path) from None


@cache
def _adapter() -> TypeAdapter[Config]:
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(Config)


def _unfit(kind: str, place: tuple[str, ...], context: dict[str, Any], path: Path) -> InvalidInputError:
    """The error for a place in the document: what it must be, and what to write; the value is not quoted."""
    *tables, key = (step for step in place if step != "[key]")
    inside = ".".join(step if re.fullmatch(r"[\w-]+", step) else f'"{step}"' for step in tables)
    named, header = (f"'{key}' in [{inside}]", f"{inside}.{key}") if inside else (f"'{key}'", key)
    match kind:
        case "unexpected_keyword_argument":
            what = f"key '{key}' in [{inside}]" if inside else f"table '{key}'"
            return InvalidInputError(f"The configuration {path} has an unknown {what}.", fix=_known(tables))
        case "dataclass_type" | "dict_type":
            words, fix = "a table", f"Write [{header}] on a line of its own, and its values below."
        case "value_error":
            words = str(context["error"])
            fix = f'Put its value in quotes: {key} = "...".' if words == "a string" else "Correct it there."
        case _:
            words, fix = f"one of {context.get('expected', 'another kind')}", "Correct it there."
    return InvalidInputError(f"In the configuration {path}, {named} must be {words}.", fix=fix)


def _known(tables: list[str]) -> str:
    """The keys that may stand in a table."""
    kind: Any = Config
    for step in tables:
        kind = get_type_hints(kind)[step] if is_dataclass(kind) else get_args(kind)[1]
    if not is_dataclass(kind):
        kind = get_args(kind)[1]
    return f"Known names: {', '.join(entry.name for entry in fields(kind))}."


def not_taken(path: Path, error: Exception) -> InvalidInputError:
    """Return the error for a configuration that cannot be read, or is no TOML: where it is wrong, and the fix.

    Args:
        path: The file.
        error: What the system, the codec or the parser said, which names the line and quotes nothing.
    """
    fix = "Correct or remove it."
    match error:
        case FileNotFoundError() | NotADirectoryError():
            what = f"There is no configuration {path}, which {CONFIG_VARIABLE} names."
            fix = f"Correct {CONFIG_VARIABLE}, or unset it."
        case IsADirectoryError():
            what = f"The configuration {path} is a folder."
            fix = f"Let {CONFIG_VARIABLE} name a file, or remove the folder."
        case OSError():
            what = f"The configuration {path} cannot be read: {error.strerror}."
            fix = f"Make it readable, or name another file with {CONFIG_VARIABLE}."
        case UnicodeDecodeError():
            line = error.object.count(b"\n", 0, error.start) + 1
            what, fix = f"The configuration {path} is not UTF-8 at line {line}.", "Save it as UTF-8."
        case RecursionError():
            what = f"The configuration {path} is nested too deeply."
        case ValueError() if "sys.set_int_max_str_digits" in str(error):
            what = f"The configuration {path} has a number without end."
        case _:
            what = f"The configuration {path} is not valid TOML: {error}."
            fix = "Correct that line, or remove the file."
    return InvalidInputError(what, fix=fix)


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
