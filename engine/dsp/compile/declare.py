"""Decorators for kernels: Python functions that numba compiles to machine code without any Python in it.

Kernels are written in modules of folders called `kernels`, which `build` imports. Nothing else imports them, so that a
program whose kernels are compiled already does not load numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

KEEPS_NAN = frozenset({"reassoc", "nsz", "contract", "arcp"})
"""Fast-math flags that allow vectorised sums yet keep tests for NaN; `fastmath=True` deletes them."""


def inlined(*, fastmath: frozenset[str] = frozenset()) -> Callable[[F], F]:
    """Compile a helper into each kernel that calls it, and only there; its types are those of the call.

    numpy's error model, because Python's raises on a division by zero, which would need the interpreter.
    """

    def decorate(function: F) -> F:
        helper: F = numba.njit(
            error_model="numpy",
            boundscheck=False,
            forceinline=True,
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
            fastmath=set(fastmath) or False,
        )(function)
        return helper

    return decorate


def kernel(signature: str) -> Callable[[F], F]:
    """Export a function from the object file under its own name; other kernels may call it as a helper.

    Args:
        signature: numba's, of plain numbers: an address is an `int64`. For example `"int64(int64, float64)"`.
    """

    def decorate(function: F) -> F:
        helper: Any = inlined()(function)
        helper.c_signature = signature
        return helper

    return decorate


def c_callback(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function of another signature to a C function in this process, for a backend's own library.

    Its `.address` is what the library calls; the audio thread never takes the interpreter's lock in it. This imports
    numba and compiles at every start: for a second, and five with a kernel that is a helper in it instead of one that
    `Library.for_callbacks` gives.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        return numba.cfunc(signature, error_model="numpy", boundscheck=False, forceinline=True)(function)

    return decorate
