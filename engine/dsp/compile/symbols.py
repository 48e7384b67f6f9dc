"""Names of system functions that LLVM does not find by itself when it links kernels."""

from __future__ import annotations

import ctypes
import sys

import llvmlite.binding as llvm

_NOT_FOUND = {"win32": (("avrt", "AvSetMmThreadCharacteristicsW"), ("kernel32", "GetLastError"))}
"""By platform: libraries and functions."""


def name_system_functions() -> bool:
    """Tell LLVM where the functions are that no library it searches has; return whether all were found."""
    try:
        for dll, function in _NOT_FOUND.get(sys.platform, ()):
            llvm.add_symbol(function, ctypes.cast(getattr(ctypes.CDLL(dll), function), ctypes.c_void_p).value)
    except (OSError, AttributeError):
        return False
    return True
