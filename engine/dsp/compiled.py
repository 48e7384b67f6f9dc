"""The decorators every kernel is compiled with: one explicit signature, cached on disk, no Python inside.

One signature per function because numba's cache can mix up several of them when two processes start at once. numpy's
error model because Python's would raise on a division by zero, which takes the GIL on the audio thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numba
from numba.core import config

from engine.dsp.kernel_cache import cache_directory

F = TypeVar("F", bound=Callable[..., Any])

KEEPS_NAN = frozenset({"reassoc", "nsz", "contract", "arcp"})
"""Fast-math flags that allow vectorised sums yet keep tests for NaN; `fastmath=True` deletes them."""


@contextlib.contextmanager
def _own_cache() -> Iterator[None]:
    """Point numba at our folder while a kernel is declared, so that other users of numba keep theirs."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_directory())
    try:
        yield
    finally:
        config.CACHE_DIR = before


def kernel(
    signature: Any,
    *,
    releases_gil: bool = False,
    fastmath: frozenset[str] = frozenset(),
    cache: bool = True,
) -> Callable[[F], F]:
    """Compile a function over plain arrays and numbers to machine code, now or from the cache.

    Args:
        signature: numba's signature, such as `"void(float32[::1], float32)"`; exactly one.
        releases_gil: Let other Python threads run meanwhile. Only for loops of milliseconds: taking the GIL back
            from a busy thread costs 95 us on average where the call itself takes 20 ns.
        fastmath: LLVM fast-math flags; use `KEEPS_NAN`.
        cache: False for a kernel that is declared inside a test.
    """

    def decorate(function: F) -> F:
        with _own_cache():
            compiled: F = numba.njit(
                signature,
                cache=cache,
                # Nobody takes a kernel as a C function; a C function for each took 3 % of the compiling.
                no_cfunc_wrapper=True,
                error_model="numpy",
                boundscheck=False,
                nogil=releases_gil,
                fastmath=set(fastmath) or False,
            )(function)
        return compiled

    return decorate


def inlined(*, fastmath: frozenset[str] = frozenset()) -> Callable[[F], F]:
    """Compile a helper into each kernel that calls it, and only there: it takes no time where the kernel is cached.

    Python cannot call it, and its types are those of the call.
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


def c_callback(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function to a C function pointer (`.address`) that never takes the GIL."""

    def decorate(function: Callable[..., Any]) -> Any:
        with _own_cache():
            return numba.cfunc(signature, cache=True, error_model="numpy", boundscheck=False, forceinline=True)(
                function
            )

    return decorate
