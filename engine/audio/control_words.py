"""The control block as Python reads and writes it while the streams run: 40 ns a word, through the door of builtins.

numba's dispatcher takes 200 in a loop, and far more where it runs once in 20 ms, from memory instead of the caches.
"""

from __future__ import annotations

from engine.audio import control as c
from engine.dsp.atomics import load, load_acquire, load_float, store_release
from engine.dsp.builtin import builtin_method
from engine.dsp.python_objects import (
    as_integer,
    has_raised,
    new_float,
    new_integer,
    nothing,
    refused,
)


@builtin_method
def word_reader(control: int, arguments: int, count: int) -> int:
    """Bound to a control block's address, acquires a word of it."""
    if count != 1:
        return refused()
    word = as_integer(load(arguments, 0))
    if word < 0 or word >= c.WORDS:
        return 0 if has_raised() else refused()
    return new_integer(load_acquire(as_integer(control), word))


@builtin_method
def float_reader(control: int, arguments: int, count: int) -> int:
    """The same of a word that holds a float64."""
    if count != 1:
        return refused()
    word = as_integer(load(arguments, 0))
    if word < 0 or word >= c.WORDS:
        return 0 if has_raised() else refused()
    return new_float(load_float(as_integer(control), word))


@builtin_method
def wish_writer(control: int, arguments: int, count: int) -> int:
    """Bound to a control block's address, releases what no value can break: `EXPECTING`, and when to be woken."""
    if count != 2:
        return refused()
    word, value = as_integer(load(arguments, 0)), as_integer(load(arguments, 1))
    if has_raised():
        return 0
    if word not in (c.EXPECTING, c.WAKE_AT_CAPTURED, c.WAKE_AT_PLAYED):
        return refused()
    store_release(as_integer(control), word, value)
    return nothing()
