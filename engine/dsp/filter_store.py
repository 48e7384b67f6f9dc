"""Designed filters, kept on disk from one start to the next; whatever goes wrong there only means designing again."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dsp.kernel_cache import cache_directory

_DIGEST_BYTES = 16


def kept_filters(name: str, size: int) -> NDArray[np.float32] | None:
    """Return the `size` coefficients kept under a name; None where they are not, or not whole."""
    try:
        kept = _file(name).read_bytes()
    except OSError:
        return None
    digest, coefficients = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
    if len(coefficients) != 4 * size or digest != _digest(coefficients):
        return None
    return np.frombuffer(coefficients, np.float32)


def keep_filters(name: str, coefficients: NDArray[np.float32]) -> None:
    """Keep coefficients under a name, whole or not at all; a folder or a disk that takes nothing is no error."""
    data = coefficients.tobytes()
    with contextlib.suppress(OSError):
        file = _file(name)
        handle, unfinished = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(_digest(data) + data)
            Path(unfinished).replace(file)
        except OSError:
            Path(unfinished).unlink()


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()


def _file(name: str) -> Path:
    return cache_directory() / f"filters-{name}-{_designer()}"


@functools.cache
def _designer() -> str:
    """Return a fingerprint of the code that designs, so that what another version designed is not taken."""
    sources = (Path(__file__).with_name(name) for name in ("filter_design.py", "resampler_filters.py"))
    return _digest(b"".join(source.read_bytes() for source in sources)).hex()
