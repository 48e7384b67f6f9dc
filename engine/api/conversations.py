"""Kept conversations: a folder of recordings, each named by the time at which it began."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

from platformdirs import user_data_path

from engine.errors import InvalidInputError
from engine.files import expanded, make_private_folder
from engine.realtime.recording.files import EVENTS_FILE, FILES

LAST = "last"
_DAY_S = 86_400


def kept_folder(named: str | None = None) -> Path:
    """Return the folder in which conversations are kept, the configured one or the system's; it need not exist.

    Raises:
        InvalidInputError: it is in the folder of a user that there is not.
    """
    try:
        return expanded(named) if named else user_data_path("voice", appauthor=False) / "conversations"
    except OSError as error:
        raise _no_folder(Path(named or ""), error) from None


def new_recording(folder: Path, *, hidden: bool = False) -> Path:
    """Make the folder of a recording that begins now, in one that only the user can look into, and return its path.

    Args:
        folder: The folder of all that are kept.
        hidden: Put a dot before its name, as long as nobody has said that it is to be kept.

    Raises:
        InvalidInputError: the folder cannot be made.
    """
    began = time.strftime("%Y%m%d-%H%M%S")
    try:
        make_private_folder(folder)
        for name in (began, *(f"{began}-{number}" for number in range(2, 1000))):
            shown, unseen = folder / name, folder / f".{name}"
            path, other = (unseen, shown) if hidden else (shown, unseen)
            if not other.exists():
                with contextlib.suppress(FileExistsError):  # of another conversation that began in this second
                    path.mkdir(mode=0o700)
                    return path
    except OSError as error:
        raise _no_folder(folder, error) from None
    raise _no_folder(folder, OSError(errno.EEXIST, os.strerror(errno.EEXIST)))


def kept_recordings(folder: Path) -> list[Path]:
    """Return the recordings of a folder, the oldest first."""
    files = folder.glob(f"[!.]*/{EVENTS_FILE}") if folder.is_dir() else ()
    return sorted((file.parent for file in files), key=_ended_s)


def find_recording(wanted: str, folder: Path) -> Path:
    """Return a recording of the folder by its name, a beginning that only one has, or `last`; or any by its path.

    Raises:
        InvalidInputError: there is none, or there are several.
    """
    if not wanted:
        raise InvalidInputError("A conversation without a name cannot be found.", fix=f"Name one, or '{LAST}'.")
    kept = kept_recordings(folder)
    if wanted == LAST and kept:
        return kept[-1]
    found = [path for path in kept if path.name == wanted] or [path for path in kept if path.name.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if not found and os.path.isfile(Path(wanted) / EVENTS_FILE):  # noqa: PTH113 - Path raises where a name is too long
        return Path(wanted)
    if found:
        what, fix = f"{len(found)} saved conversations begin with '{wanted}'", f"Name one: {_names(found)}."
    elif kept:
        what, fix = f"No saved conversation is called '{wanted}'", f"The last ones are {_names(kept)}."
    else:
        what, fix = f"No conversation is saved in {folder}", HOW_TO_KEEP
    raise InvalidInputError(f"{what}.", fix=fix)


HOW_TO_KEEP = 'With `keep = "always"` (or "text", or "ask") under [recording] in the configuration they are saved.'


def delete_recording(path: Path) -> None:
    """Delete the files of a recording, and its folder if nothing else is in it.

    Raises:
        InvalidInputError: the system refuses it.
    """
    try:
        for name in FILES:  # the sound first: what is left of a refused deletion is still listed
            (path / name).unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"The conversation {path} cannot be deleted: {error.strerror}.", fix="Make its folder writable."
        ) from None
    with contextlib.suppress(OSError):
        path.rmdir()


def discard_if_empty(path: Path) -> bool:
    """Delete a recording in which nobody said anything; True where there is none, or none any more."""
    if not (path / EVENTS_FILE).exists():
        with contextlib.suppress(OSError):
            path.rmdir()
        return True
    from engine.realtime.recording.story import Story  # noqa: PLC0415 - brings the engine; who lists needs none of it

    is_empty = not Story(path).turns
    if is_empty:
        delete_recording(path)
    return is_empty


def delete_older(folder: Path, days: float, pattern: str = "[!.]*") -> int:
    """Delete the recordings that ended so many days ago, of those whose names fit; return their number.

    Raises:
        InvalidInputError: the system refuses it.
    """
    files = folder.glob(f"{pattern}/{EVENTS_FILE}") if folder.is_dir() else ()
    old = [file.parent for file in files if time.time() - _ended_s(file.parent) > days * _DAY_S]
    for path in old:
        delete_recording(path)
    return len(old)


def _no_folder(folder: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"Conversations cannot be saved in {folder}: {error.strerror}.",
        fix="Name another folder under [recording] in the configuration.",
    )


def _ended_s(path: Path) -> float:
    """Time of its last line."""
    with contextlib.suppress(OSError):
        return (path / EVENTS_FILE).stat().st_mtime
    return time.time()


def _names(paths: list[Path]) -> str:
    return ", ".join(path.name for path in paths[-4:])
