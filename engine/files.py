"""Files of the user: recordings are written for nobody else, and what is read is no larger than it may be."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def expanded(name: str) -> Path:
    """Return a path, with the folder of a user in place of `~` or `~NAME` at its beginning.

    Raises:
        OSError: there is no such user.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise FileNotFoundError(errno.ENOENT, "there is no such user", name) from None


def open_private(path: Path, *, new: bool = False) -> int:
    """Open a file for writing and return its descriptor; what is in it stays until something is written.

    A file is then readable by the user only, also one that others could read. Through a link nothing is written, as it
    may be another's who wants to have a file of ours overwritten; only to what is no file, such as /dev/stdout or the
    shell's `>(...)`.

    Args:
        path: The file.
        new: Refuse one that is there already.

    Raises:
        OSError: it cannot be opened, is a link to a file, or is another user's.
    """
    try:
        descriptor = os.open(path, _FLAGS | (os.O_EXCL if new else 0), 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        if not path.exists() or path.is_file():
            raise OSError(errno.ELOOP, "it is a link to a file", str(path)) from None
        return os.open(path, os.O_WRONLY)
    status = os.fstat(descriptor)
    if sys.platform != "win32" and stat.S_ISREG(status.st_mode):
        if status.st_uid != os.getuid():
            os.close(descriptor)
            raise PermissionError(errno.EACCES, "it belongs to another user", str(path))
        with contextlib.suppress(OSError):  # some file systems have no modes
            os.fchmod(descriptor, 0o600)
    return descriptor


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only the user can read, in the place of what is in it.

    Raises:
        OSError: it cannot be opened or written.
    """
    with os.fdopen(open_private(path), "wb") as file:
        with contextlib.suppress(OSError):  # a pipe
            file.truncate()
        file.write(data)


def make_private_folder(path: Path) -> None:
    """Make a folder that only the user can look into, if there is none, and those above it that are missing."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        make_private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def read_bounded(path: Path, most_bytes: int) -> str:
    """Read a text in UTF-8, with or without a byte-order mark; a device named by mistake does not fill the memory.

    Raises:
        OSError: it cannot be read, or is larger.
        UnicodeDecodeError: it is not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes >> 10} KiB", str(path))
    return content.decode("utf-8-sig")
