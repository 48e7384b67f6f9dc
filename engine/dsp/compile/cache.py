"""The files that are kept between runs, and the folder they lie in. Imports nothing heavy.

Machine code is loaded from that folder, so nobody but the user (and root) may be able to write to it or to replace it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from engine.dsp.compile.ownership import is_ours, user_name

_ENGINE = Path(__file__).resolve().parents[2]
_NUMBA_VARIABLES = ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
_DIGEST_BYTES = hashlib.sha256().digest_size
BEGINNING = b"\0kernels\0"
"""Mark before what the compiling process writes: a start-up file of its interpreter may print something first."""
_KEPT_DAYS = 90
"""A file that was not written for so long is removed: each version of the program leaves some."""


def kernel_sources() -> list[Path]:
    """Every file in which kernels, or the layouts of their memory, are written."""
    return sorted(path for path in _ENGINE.glob("*/kernels/*.py") if path.name != "__init__.py")


def kernel_file(machine: str) -> str:
    """Name of the file of kernels, with a digest of sources, compiler and machine."""
    digest = hashlib.sha256()
    for source in (*sorted((_ENGINE / "dsp" / "compile").glob("*.py")), *kernel_sources()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    variables = (os.environ.get(name, "") for name in _NUMBA_VARIABLES)
    for part in (version("numba"), version("llvmlite"), str(sys.version_info[:2]), machine, *variables):
        digest.update(part.encode() + b"\0")
    return f"kernels-{digest.hexdigest()[:32]}.o"


def cache_folders() -> list[Path]:
    """Return the folders to look in, made if need be, and only those that nobody else can write to.

    `$VOICE_CACHE_DIR`, or else the user's cache folder; where that cannot be written to, behind it one in the system's
    temporary folder. Links are resolved here, once: what a link names may change after it was looked at.
    """
    folders = []
    for folder in map(_made, _candidates()):
        if folder is not None and is_ours(folder):
            folders.append(folder)
            if os.access(folder, os.W_OK):
                break
    return folders


def wanted_folder() -> Path:
    """Return the folder in which files are to be kept, whether it can be used or not."""
    return next(_candidates()).resolve()


def keep(name: str, content: bytes) -> Path | None:
    """Write a file into the first folder that takes it, whole or not at all; return where it lies.

    None where no folder takes it: what is kept must be something that can be made again.
    """
    for folder in cache_folders():
        with contextlib.suppress(OSError):
            _write_whole(folder / name, _digest(name, content) + content)
            _remove_old(folder)
            return folder / name
    return None


def kept(name: str) -> Iterator[tuple[Path, bytes]]:
    """Yield path and content of every file that was kept under a name and has not changed by a bit since."""
    for folder in cache_folders():
        try:
            whole = (folder / name).read_bytes()
        except OSError:
            continue
        content = whole[_DIGEST_BYTES:]
        if whole[:_DIGEST_BYTES] == _digest(name, content):
            yield folder / name, content


def _remove_old(folder: Path) -> None:
    oldest_s = time.time() - _KEPT_DAYS * 86400
    for path in (*folder.glob("kernels-*"), *folder.glob("filters-*")):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest_s:
                path.unlink()


def _digest(name: str, content: bytes) -> bytes:
    """With the name, which says what the content is for: a file that was renamed is none of ours."""
    return hashlib.sha256(name.encode() + b"\0" + content).digest()


def _candidates() -> Iterator[Path]:
    from platformdirs import user_cache_path  # noqa: PLC0415 - a program that compiles nothing must not pay for it

    chosen = os.environ.get("VOICE_CACHE_DIR")
    yield Path(chosen) if chosen else user_cache_path("voice")
    yield Path(tempfile.gettempdir()) / f"voice-{user_name()}"


def _made(folder: Path) -> Path | None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder.resolve()
    except OSError:
        return None


def _write_whole(path: Path, content: bytes) -> None:
    """Write through a temporary file: two programs that start at once both leave a whole one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
