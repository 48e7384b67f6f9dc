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

import tomlkit
from tomlkit.exceptions import TOMLKitError

from engine.config import not_taken, read_config
from engine.errors import InvalidInputError
from engine.files import make_private_folder

_OWNER_ONLY = 0o600


def save_audio(path: Path, values: Mapping[str, str]) -> None:
    """Set values of `[audio]`, in a new file if there is none.

    Args:
        path: The configuration; a link to another file stays one.
        values: Keys of `engine.config.AudioDefaults` and their new values.

    Raises:
        InvalidInputError: the file cannot be read or written, or is no TOML. It is as it was.

    Example:
        >>> save_audio(Path("voice.toml"), {"input": "USB Audio, ALSA"})
        >>> print(Path("voice.toml").read_text())
        [audio]
        input = "USB Audio, ALSA"
        <BLANKLINE>
    """
    path = path.resolve()
    try:
        text = read_config(path) if path.exists() else ""
        changed = _with_audio(text, values)
    except (OSError, ValueError, RecursionError, TOMLKitError) as error:
        raise not_taken(path, error) from None
    try:
        _replace(path, changed)
    except OSError as error:
        raise InvalidInputError(
            f"The configuration {path} cannot be written: {error.strerror}.",
            fix="Make its folder writable, or name another file with VOICE_CONFIG.",
        ) from None


def _with_audio(text: str, values: Mapping[str, str]) -> str:
    document = tomlkit.parse(text)
    audio = document.get("audio")
    if audio is None:
        audio = tomlkit.table()
        if document.body:
            document.add(tomlkit.nl())
        document.add("audio", audio)
    elif not isinstance(audio, dict):
        raise TOMLKitError("'audio' must be a table, [audio]")
    for key, value in values.items():
        audio[key] = value
    return tomlkit.dumps(document)


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
