"""Changes values of the person's configuration file and leaves every other line of it as it stands.

The file may hold keys: it is made for its owner's eyes only, keeps the mode it has, and is replaced as a whole, so that
neither a crash nor a full disk leaves half of it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from engine.config import check_key, read_config
from engine.config_errors import names_of, unreadable
from engine.config_path import PROFILE_VARIABLE
from engine.errors import InvalidInputError
from engine.files import make_private_folder

_OWNER_ONLY = 0o600


def save_values(path: Path, values: Mapping[str, Any]) -> None:
    """Set values, in a new file if there is none.

    Args:
        path: The configuration; a link to another file stays one.
        values: New values by their keys, dotted as in `audio.input`. None removes what is set.

    Raises:
        InvalidInputError: the file cannot be read or written, is no TOML, or would not be a configuration with these
            values. It is as it was.

    Example:
        >>> save_values(Path("voice.toml"), {"audio.input": "USB Audio, ALSA"})
        >>> print(Path("voice.toml").read_text())
        [audio]
        input = "USB Audio, ALSA"
        <BLANKLINE>
    """
    path = path.resolve()
    try:
        text = read_config(path) if path.exists() else ""
        document = tomlkit.parse(text)
        for key, value in values.items():
            _set(document, key, value)
        changed = tomlkit.dumps(document)
    except (OSError, ValueError, RecursionError, TOMLKitError) as error:
        raise unreadable(path, error) from None
    for key in values:
        check_key(changed, path, key, os.environ)
    try:
        _replace(path, changed)
    except OSError as error:
        raise _unwritable(path, error) from None


def make_file(path: Path) -> None:
    """Make an empty configuration, if there is none.

    Raises:
        InvalidInputError: it cannot be written.
    """
    try:
        make_private_folder(path.parent)
        path.touch(mode=_OWNER_ONLY)
    except OSError as error:
        raise _unwritable(path, error) from None


def in_profile(key: str) -> str:
    """Return a key as it is written for the profile that is chosen, if there is one."""
    profile = os.environ.get(PROFILE_VARIABLE, "").strip()
    return f'profiles."{profile}".{key}' if profile else key


def _unwritable(path: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"The configuration {path} cannot be written: {error.strerror}.",
        fix="Make its folder writable, or name another file with VOICE_CONFIG.",
    )


def _set(document: tomlkit.TOMLDocument, dotted: str, value: Any) -> None:
    *tables, key = names_of(dotted)
    table: Any = document
    for name in tables:
        if name not in table:
            if table is document and document.body:
                document.add(tomlkit.nl())
            table[name] = tomlkit.table(is_super_table=name != tables[-1])
        table = table[name]
        if not isinstance(table, dict):
            raise TOMLKitError(f"'{name}' must be a table, [{name}]")
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _replace(path: Path, text: str) -> None:
    """Write a new file beside the old one, on the disk for certain, then take its place."""
    make_private_folder(path.parent)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else _OWNER_ONLY
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
