"""Where compiled kernels are kept between runs, and whether they are there already. Imports nothing heavy.

numba's own freshness check follows only the file that defines a function, not the helpers it inlines, so the folder's
name carries a fingerprint of every file that takes part: a changed helper means a new folder.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import tempfile
from pathlib import Path

_ENGINE = Path(__file__).resolve().parent.parent
_READY = "ready"


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for folder in ("dsp", "audio"):
        for source in sorted((_ENGINE / folder).rglob("*.py")):
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _candidates() -> list[Path]:
    from platformdirs import user_cache_path  # noqa: PLC0415 - `voice --help` must not pay for it

    user = f"voice-kernels-{os.getuid() if hasattr(os, 'getuid') else os.environ.get('USERNAME', 'user')}"
    chosen = os.environ.get("VOICE_CACHE_DIR")
    return [*([Path(chosen)] if chosen else []), user_cache_path("voice"), Path(tempfile.gettempdir()) / user]


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@functools.cache
def cache_directory() -> Path:
    """Return the writable folder of this version's kernels, made if need be.

    Tried in order: `$VOICE_CACHE_DIR`, the user's cache folder, one in the system's temporary folder, a fresh
    temporary folder (which means compiling anew in every run). A folder that belongs to somebody else is never used:
    machine code is loaded from it.
    """
    name = f"kernels-{_fingerprint()}"
    for base in _candidates():
        if _is_writable(base / name):
            return base / name
    return Path(tempfile.mkdtemp(prefix="voice-kernels-"))


def is_warm() -> bool:
    """Tell whether every kernel has been compiled on this machine for this version."""
    return (cache_directory() / _READY).exists()


def mark_warm() -> None:
    """Note that every kernel is compiled; called once all of them have been imported."""
    (cache_directory() / _READY).touch()
