"""Compiled functions that Python calls the way it calls C extensions: 35 ns a call, where numba's dispatcher takes 220.

The dispatcher finds out the type of every argument and counts references to every array. A builtin is a compiled C
function behind CPython's own door instead (`METH_FASTCALL`, https://docs.python.org/3/c-api/structures.html): it is
handed pointers to objects, asks whether an array is exactly what it takes, and reads address and size out of it
(`PyArrayObject`, whose fields are part of numpy's stable interface). What it does not take it refuses with TypeError,
and the Python function in front of it copies or explains. It holds the GIL throughout, so it is for microseconds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from numba import types

from engine.dsp.compiled import c_callback

_METH_FASTCALL = 0x80
_Body = Callable[[int, int, int], int]


class _MethodDefinition(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    )


_new_function = ctypes.pythonapi.PyCFunction_NewEx
_new_function.restype = ctypes.py_object
_new_function.argtypes = [ctypes.POINTER(_MethodDefinition), ctypes.py_object, ctypes.py_object]

_kept: list[Any] = []
"""Definitions and machine code: functions point to them as long as the process lives."""


def builtin_method(body: _Body) -> Callable[[int], Callable[..., Any]]:
    """Compile a body; the result binds it to a number, such as the handle of what it works on.

    Args:
        body: Over three int64: the number's object, the address of the arguments' pointers, and how many there are.
            It returns a new object, or 0 after an exception (`engine.dsp.python_objects`).

    Example:
        >>> @builtin_method
        ... def _add(this, arguments, count):
        ...     if count != 1:
        ...         return refused()
        ...     number = as_integer(load(arguments, 0))
        ...     return 0 if has_raised() else new_integer(as_integer(this) + number)
        >>> add_two = _add(2)
        >>> add_two(40)
        42
    """
    compiled = c_callback(types.int64(types.int64, types.int64, types.int64))(body)
    name = body.__name__.lstrip("_").encode()
    definition = _MethodDefinition(name, compiled.address, _METH_FASTCALL, None)
    _kept.append((compiled, definition))

    def bind(number: int) -> Callable[..., Any]:
        function: Callable[..., Any] = _new_function(ctypes.byref(definition), number, body.__module__)
        return function

    return bind


def builtin(body: _Body) -> Callable[..., Any]:
    """Compile a body to a function of no object.

    Example:
        >>> @builtin
        ... def _size(this, arguments, count):
        ...     if count != 1 or not is_float32_row(load(arguments, 0)):
        ...         return refused()
        ...     return new_integer(length_of(load(arguments, 0), 0))
        >>> _size(np.zeros(5, np.float32))
        5
    """
    return builtin_method(body)(0)
