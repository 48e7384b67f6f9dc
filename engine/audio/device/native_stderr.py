"""Keeps the C libraries of sound from printing on the terminal: what matters of it comes back as an error.

Without it, listing devices prints 82 lines on a machine without a sound card, and a sound server that ends prints
three for each stream.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys


@functools.cache
def silence_native_stderr() -> None:
    """Silence ALSA, JACK and PortAudio for the rest of the process; only a program that owns its terminal should."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # the last is Windows', where neither library is
        process = ctypes.CDLL(None)
        _take_handlers(process)
        if hasattr(process, "gnu_get_libc_version"):
            _divert_standard_error(process)


def keep_standard_error() -> None:
    """Give `sys.stderr` a descriptor of its own: sounddevice points the other at nothing while PortAudio starts."""
    stream = sys.__stderr__
    if stream is not None and stream is sys.stderr:
        sys.stderr = os.fdopen(os.dup(2), "w", 1, stream.encoding, stream.errors)


def _take_handlers(process: ctypes.CDLL) -> None:
    """Give ALSA and JACK a C function that does nothing.

    `getppid` stands in for the handlers: it has no side effect, and callers clean up variadic arguments on every
    Unix ABI.
    """
    for library, setters in (
        ("libasound.so.2", ("snd_lib_error_set_handler",)),
        ("libjack.so.0", ("jack_set_error_function", "jack_set_info_function")),
    ):
        with contextlib.suppress(OSError, AttributeError):
            loaded = ctypes.CDLL(library)
            for setter in setters:
                getattr(loaded, setter)(process.getppid)


def _divert_standard_error(process: ctypes.CDLL) -> None:
    """Point C's `stderr` at nothing: PortAudio, as Debian builds it, prints there and has no handler to take.

    glibc documents `stderr` as a variable that programs may set; elsewhere it may be a constant. Python writes to the
    descriptor itself, and so do faulthandler and glibc's own last words: none of that is lost.
    """
    process.fopen.restype = ctypes.c_void_p
    nothing = process.fopen(b"/dev/null", b"we")
    if nothing:
        ctypes.c_void_p.in_dll(process, "stderr").value = nothing
