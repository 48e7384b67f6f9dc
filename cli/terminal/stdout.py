"""Standard output that takes no more ends a command in order: a full disk with a sentence, a reader gone quietly."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

from engine.errors import InvalidInputError

_REFUSED = {errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What writing fails with where the disk, and not the program, is at fault."""
_READER_LEFT = 1
"""As click ends a command that finds it out while it prints."""


@contextlib.contextmanager
def written_out() -> Iterator[None]:
    """Run a command, and write out what it has printed.

    Raises:
        InvalidInputError: that is not taken.

    Example:
        >>> with written_out():
        ...     print("hello")
    """
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:  # it was closed when the program began
                sys.stdout.flush()
    except BrokenPipeError:
        _print_no_more()
        sys.exit(_READER_LEFT)
    except OSError as error:
        if error.errno not in _REFUSED or error.filename:
            raise
        _print_no_more()
        raise InvalidInputError(
            f"The output cannot be written: {error.strerror}.", fix="Make room for it, or send it elsewhere."
        ) from None


def _print_no_more() -> None:
    """Let what is still buffered go nowhere: Python would fail once more with it on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
