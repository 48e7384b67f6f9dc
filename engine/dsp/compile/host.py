"""The machine that kernels are compiled for: its processor, its C library, and what differs between systems."""

from __future__ import annotations

import ctypes
import platform
import sys
import sysconfig
import time
from collections.abc import Sequence

import llvmlite.binding as llvm

from engine.errors import LibraryMissingError

CLOCK_ID = {"win32": None, "darwin": 8}.get(sys.platform, getattr(time, "CLOCK_MONOTONIC", 0))
"""The clock of C's `clock_gettime` that `time.monotonic` reads: CLOCK_UPTIME_RAW on macOS; none on Windows."""
WRITES_TO_SOCKETS = sys.platform != "win32"
"""Whether C's `write` takes a socket; on Windows a socket is no descriptor, and `send` has 64 bits for it."""
_NOT_FOUND = {
    "win32": (("ws2_32", "send"), ("kernel32", "GetLastError"), ("avrt", "AvSetMmThreadCharacteristicsW")),
}
"""Functions that LLVM does not find by itself: by platform, libraries and names."""


def require_lock() -> None:
    """Refuse a Python that is built without the interpreter's lock: kernels are called with it held.

    Raises:
        LibraryMissingError: this is one.
    """
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise LibraryMissingError(
            "This is a free-threaded Python, on which nothing of voice has been tested.",
            fix="Use the ordinary build of the same version.",
        )


def processor() -> tuple[str, str]:
    """Return LLVM's name of the processor and its features; none where LLVM does not know it."""
    try:
        return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    except RuntimeError:
        return llvm.get_host_cpu_name(), ""


def description() -> str:
    """Describe all of the machine that machine code depends on."""
    return " ".join((sys.platform, platform.machine(), *platform.libc_ver(), *processor()))


def name_system_functions() -> bool:
    """Tell LLVM where the functions are that no library it searches has; return whether all were found."""
    try:
        for dll, function in _NOT_FOUND.get(sys.platform, ()):
            llvm.add_symbol(function, ctypes.cast(getattr(ctypes.CDLL(dll), function), ctypes.c_void_p).value)
    except (OSError, AttributeError):
        return False
    return True


def lacks(functions: Sequence[str]) -> list[str]:
    """Return those functions that this process has not: a file from another C library may call them."""
    if sys.platform == "win32":
        return []  # there LLVM looks in libraries of its own choice
    process = ctypes.CDLL(None)
    return [function for function in functions if not hasattr(process, function)]
