"""The machine that kernels are compiled for: its processor, its C library, and functions that LLVM does not find."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Sequence

import llvmlite.binding as llvm

_NOT_FOUND = {"win32": (("avrt", "AvSetMmThreadCharacteristicsW"), ("kernel32", "GetLastError"))}
"""By platform: libraries and functions."""


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
