"""Standard output that takes no more ends a command in order: a full disk with a sentence, a reader gone quietly."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from cli.platforms import reader_left
from engine.errors import InvalidInputError

_REFUSED = {errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""Errors of writing where the disk, and not the program, is at fault."""
_READER_LEFT = 1
"""As click ends a command that finds it out while it prints."""


@contextlib.contextmanager
def written_out() -> Iterator[None]:
    """Run a command, and write out what it has printed.

    Raises:
        InvalidInputError: that is not taken.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:  # it was closed when the program began
                sys.stdout.flush()
    except OSError as error:
        if reader_left(error):
            _print_no_more()
            sys.exit(_READER_LEFT)
        if error.errno not in _REFUSED or error.filename:
            raise
        _print_no_more()
        raise InvalidInputError(
            f"The output cannot be written: {error.strerror}.", fix="Make room for it, or send it elsewhere."
        ) from None


@contextlib.contextmanager
def standard_output() -> Iterator[TextIO]:
    """Take standard output for what the block writes; what anybody else prints meanwhile goes to standard error.

    Half of a surrogate pair, which comes where a server cuts a text between the two, is escaped as JSON does it.
    """
    if sys.stdout is None or sys.stderr is None:  # closed when the program began
        yield sys.stdout or io.StringIO()
        return
    sys.stdout.flush()
    descriptor, others = sys.stdout.fileno(), sys.stderr.fileno()
    ours = os.dup(descriptor)
    os.dup2(others, descriptor)
    try:
        with open(ours, "w", encoding=sys.stdout.encoding, errors="backslashreplace", closefd=False) as out:
            yield out
    finally:
        sys.stdout.flush()
        os.dup2(ours, descriptor)
        os.close(ours)


def _print_no_more() -> None:
    """Let what is still buffered go nowhere: Python would fail once more with it on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
