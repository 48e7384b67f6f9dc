"""A disk that is full: files cannot grow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def disk_of(most_bytes: int) -> Iterator[None]:
    """Let no file of this process grow longer than that until the block ends; skip the test where nothing can."""
    if sys.platform == "win32":
        pytest.skip("no limit on the size of files")
    import resource  # noqa: PLC0415 - not on Windows

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
