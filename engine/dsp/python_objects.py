"""What the body of a builtin may do with Python's objects: look at arguments, make results, refuse.

An object is an int64, its address; 0 is NULL: an exception is raised. Compiled code refers to everything by name, which
survives in the cache on disk as an address would not.

A number's `__float__` or `__index__` may be Python code that gives an array other memory. So a body first makes sure of
the count, then takes numbers (`as_float`, `as_integer`, `has_raised`), and only then looks at arrays.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.dsp.atomics import load
from engine.dsp.compiled import kernel

_I1, _I8, _I32, _I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))
_OBJECT = _I8.as_pointer()

_HEADER = object.__basicsize__ // 8
"""Words before an object's own: 2, and 4 where Python has no GIL or counts all references; the type is the last."""
_OBJECT_TYPE = _HEADER - 1
_DATA, _DIMENSIONS, _SHAPE, _DTYPE, _FLAGS = (_HEADER + word for word in (0, 1, 2, 5, 6))
"""Words of a PyArrayObject: data, nd, dimensions, strides, base, descr, flags; nd and flags have 32 bits."""
_KIND = _HEADER + 1
"""Word of a PyArray_Descr after the scalars' type: four characters, the third the byte order, and the type's number."""
_KIND_MASK = 0xFFFFFFFF_00FF0000
_C_CONTIGUOUS, _ALIGNED, _WRITABLE = 0x1, 0x100, 0x400
_PLAIN = _C_CONTIGUOUS | _ALIGNED
_NUMPY_ARRAY_TYPE, _NUMPY_NEW = 2, 93
"""Places in numpy's table of C functions: PyArray_Type and PyArray_New."""
_NPY_SHORT, _NPY_FLOAT = 3, 11
_LOW_HALF = 0xFFFFFFFF


def _kind_of(type_number: int) -> int:
    """The part of the word `_KIND` that tells a type in this machine's byte order from all others."""
    return type_number << 32 | ord("=") << 16


def _numpy_functions() -> Any:
    """The table through which C extensions find numpy."""
    try:
        module = importlib.import_module("numpy._core._multiarray_umath")
    except ImportError:  # numpy 1
        module = importlib.import_module("numpy.core._multiarray_umath")
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return ctypes.cast(get_pointer(module._ARRAY_API, None), ctypes.POINTER(ctypes.c_void_p))


def _words_of(value: object, count: int) -> list[int]:
    return list((ctypes.c_uint64 * count).from_address(id(value)))


def _require_layout() -> None:
    """Look into one array as compiled code will: where Python or numpy lay it out in another way, nothing may run.

    Raises:
        ImportError: with what is needed.
    """
    array = np.zeros((3, 5), np.float32)
    known = False
    if np.ndarray.__basicsize__ >= 8 * (_FLAGS + 1) and _numpy_functions()[_NUMPY_ARRAY_TYPE] == id(np.ndarray):
        words, dtype = _words_of(array, _FLAGS + 1), _words_of(array.dtype, _KIND + 1)
        known = (
            words[_OBJECT_TYPE] == id(np.ndarray)
            and words[_DATA] == array.ctypes.data
            and words[_DIMENSIONS] & _LOW_HALF == array.ndim
            and words[_DTYPE] == id(array.dtype)
            and words[_FLAGS] & _LOW_HALF & (_PLAIN | _WRITABLE) == _PLAIN | _WRITABLE
            and tuple((ctypes.c_int64 * 2).from_address(words[_SHAPE])) == array.shape
            and dtype[_KIND] & _KIND_MASK == _kind_of(_NPY_FLOAT)
        )
    if not known:
        raise ImportError("Arrays are laid out in another way here: voice needs CPython of 64 bits, numpy 1.26 or 2.")


def _introduce_symbols() -> None:
    """Give names to what compiled code refers to: a name survives in the cache on disk, an address would not."""
    _require_layout()
    llvm.add_symbol("voice_array_new", _numpy_functions()[_NUMPY_NEW])
    for name, value in _KNOWN.items():
        llvm.add_symbol(name, id(value))


_KNOWN = {
    "voice_array": np.ndarray,
    "voice_none": None,
    "voice_bytes": bytes,
    "voice_str": str,
    "voice_type_error": TypeError,
}
_introduce_symbols()


# https://docs.python.org/3/c-api: pointers travel as int64, which every 64-bit machine passes alike.
_INT, _FLOAT = types.int64, types.float64
_clear = types.ExternalFunction("PyErr_Clear", types.void())
_raised = types.ExternalFunction("PyErr_Occurred", _INT())
_bytes_data = types.ExternalFunction("PyBytes_AsString", _INT(_INT))
_bytes_size = types.ExternalFunction("PyBytes_Size", _INT(_INT))
_utf8 = types.ExternalFunction("PyUnicode_AsUTF8AndSize", _INT(_INT, _INT))
retain = types.ExternalFunction("Py_IncRef", types.void(_INT))
"""Keep an argument, to return it."""
release = types.ExternalFunction("Py_DecRef", types.void(_INT))
"""Give up an object that will not be returned."""
as_integer = types.ExternalFunction("PyLong_AsLongLong", _INT(_INT))
"""The value of an int; for anything else -1, and `has_raised`."""
as_float = types.ExternalFunction("PyFloat_AsDouble", _FLOAT(_INT))
"""The value of a number; for anything else -1.0, and `has_raised`."""
new_integer = types.ExternalFunction("PyLong_FromLongLong", _INT(_INT))
new_float = types.ExternalFunction("PyFloat_FromDouble", _INT(_FLOAT))
new_text = types.ExternalFunction("PyUnicode_FromStringAndSize", _INT(_INT, _INT))
"""A str of the UTF-8 at an address, so many bytes."""
_new_tuple = types.ExternalFunction("PyTuple_New", _INT(_INT))
_set_place = types.ExternalFunction("PyTuple_SetItem", types.int32(_INT, _INT, _INT))
new_bytes = types.ExternalFunction("PyBytes_FromStringAndSize", _INT(_INT, _INT))
"""A bytes object from an address, or from 0 not initialised, of a length."""


def _named(builder: Any, name: str) -> Any:
    return builder.module.globals.get(name) or ir.GlobalVariable(builder.module, _I8, name)


def _is_named(builder: Any, value: Any, name: str) -> Any:
    return builder.icmp_unsigned("==", value, builder.ptrtoint(_named(builder, name), _I64))


def _word(builder: Any, address: Any, index: Any) -> Any:
    return builder.load(builder.gep(builder.inttoptr(address, _I64.as_pointer()), [index]))


def _number(value: int) -> Any:
    return ir.Constant(_I64, value)


def _intrinsic_of_one(returned: Any, build: Callable[[Any, Any], Any]) -> Any:
    """An intrinsic of one object: 20 kernels as small as these would take a second to compile."""

    @intrinsic
    def of_one(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return build(builder, args[0])

        return returned(_INT), generate

    return of_one


def _has_type(name: str) -> Any:
    return _intrinsic_of_one(
        types.boolean, lambda builder, value: _is_named(builder, _word(builder, value, _number(_OBJECT_TYPE)), name)
    )


def _is_array_of(type_number: int, dimensions: int) -> Any:
    def build(builder: Any, value: Any) -> Any:
        def masked(address: Any, word: int, mask: int, wanted: int) -> Any:
            found = builder.and_(_word(builder, address, _number(word)), _number(mask))
            return builder.icmp_unsigned("==", found, _number(wanted))

        result = cgutils.alloca_once_value(builder, ir.Constant(_I1, 0))
        # Another object may be smaller than an array: it is not looked into.
        with builder.if_then(_is_named(builder, _word(builder, value, _number(_OBJECT_TYPE)), "voice_array")):
            is_plain = masked(value, _FLAGS, _PLAIN, _PLAIN)
            is_shaped = masked(value, _DIMENSIONS, _LOW_HALF, dimensions)
            # Not one dtype object only: arrays that were pickled or byte-swapped have others of the same kind.
            dtype = _word(builder, value, _number(_DTYPE))
            is_typed = masked(dtype, _KIND, _KIND_MASK, _kind_of(type_number))
            builder.store(builder.and_(builder.and_(is_plain, is_shaped), is_typed), result)
        return builder.load(result)

    return _intrinsic_of_one(types.boolean, build)


is_float32_row = _is_array_of(_NPY_FLOAT, 1)
"""Whether an argument is a contiguous 1-D array of float32, readable."""
is_int16_row = _is_array_of(_NPY_SHORT, 1)
"""The same of int16."""
is_float32_block = _is_array_of(_NPY_FLOAT, 2)
"""Whether an argument is a contiguous 2-D array of float32, readable."""
is_writable = _intrinsic_of_one(
    types.boolean,
    lambda builder, array: builder.icmp_unsigned(
        "!=", builder.and_(_word(builder, array, _number(_FLAGS)), _number(_WRITABLE)), _number(0)
    ),
)
"""Whether an array may be written to."""
is_none = _intrinsic_of_one(types.boolean, lambda builder, value: _is_named(builder, value, "voice_none"))
"""Whether an argument is None."""
is_bytes = _has_type("voice_bytes")
"""Whether an argument is bytes."""
_is_text = _has_type("voice_str")
data_of = _intrinsic_of_one(_INT, lambda builder, array: _word(builder, array, _number(_DATA)))
"""Address of an array's first element."""


@intrinsic
def length_of(typing_context: Any, array: Any, dimension: Any) -> Any:
    """Elements of an array along a dimension."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _word(builder, _word(builder, args[0], _number(_SHAPE)), args[1])

    return _INT(_INT, _INT), generate


def _new_array(number: int, dimensions: int) -> Any:
    def build(builder: Any, lengths: Any) -> Any:
        shape = cgutils.alloca_once(builder, ir.ArrayType(_I64, 2))
        first = builder.bitcast(shape, _I64.as_pointer())
        for index, length in enumerate(lengths):
            builder.store(length, builder.gep(first, [_number(index)]))
        count, type_number, none = (ir.Constant(_I32, value) for value in (dimensions, number, 0))
        null = ir.Constant(_OBJECT, None)
        # No strides, no memory of ours, its own item size, C order, no object to inherit from.
        arguments = [_named(builder, "voice_array"), count, first, type_number, null, null, none, none, null]
        function_type = ir.FunctionType(_OBJECT, [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(builder.module, function_type, "voice_array_new")
        return builder.ptrtoint(builder.call(function, arguments), _I64)

    @intrinsic
    def row(typing_context: Any, length: Any) -> Any:
        return _INT(_INT), lambda context, builder, signature, args: build(builder, args)

    @intrinsic
    def block(typing_context: Any, rows: Any, columns: Any) -> Any:
        return _INT(_INT, _INT), lambda context, builder, signature, args: build(builder, args)

    return row if dimensions == 1 else block


new_float32_row = _new_array(_NPY_FLOAT, 1)
"""A new array of so many float32, not initialised; 0 without memory."""
new_int16_row = _new_array(_NPY_SHORT, 1)
"""The same of int16."""
new_float32_block = _new_array(_NPY_FLOAT, 2)
"""The same of float32 in so many rows and columns."""


@intrinsic
def scratch_words(typing_context: Any) -> Any:
    """Address of 16 words on the stack, not initialised."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(cgutils.alloca_once(builder, ir.ArrayType(_I64, 16)), _I64)

    return _INT(), generate


def _calling(function_name: str, known: str, result: str) -> Any:
    @intrinsic
    def call(typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            function_type = ir.FunctionType(ir.VoidType(), [_OBJECT])
            function = cgutils.get_or_insert_function(builder.module, function_type, function_name)
            builder.call(function, [_named(builder, known)])
            return builder.ptrtoint(_named(builder, result), _I64) if result else _number(0)

        return _INT(), generate

    return call


nothing = _calling("Py_IncRef", "voice_none", "voice_none")
"""None as the result."""
refused = _calling("PyErr_SetNone", "voice_type_error", "")
"""The result of a builtin that does not take what it was given: TypeError."""


@kernel("UniTuple(int64, 2)(int64)")
def characters_of(value: int) -> tuple[int, int]:
    """Address and length of a bytes object, or of the UTF-8 of a str; (0, 0) for what has none.

    ASCII text, as CPython keeps it, is UTF-8 already and is not copied.
    """
    if is_bytes(value):
        return _bytes_data(value), _bytes_size(value)
    if not _is_text(value):
        return 0, 0
    length = scratch_words()
    address = _utf8(value, length)
    if address == 0:
        # A lone surrogate.
        _clear()
        return 0, 0
    return address, load(length, 0)


@kernel("boolean()")
def has_raised() -> bool:
    """Whether a number could not be taken: the body then returns 0."""
    return bool(_raised() != 0)


@kernel("int64(int64, int64)")
def tuple_of(objects: int, count: int) -> int:
    """A tuple of so many new objects, whose addresses lie at `objects`; it owns them.

    0 if one of them is, or the tuple cannot be made; the others are given up.
    """
    result = _new_tuple(count)
    for place in range(count):
        if load(objects, place) == 0 and result != 0:
            release(result)
            result = 0
    for place in range(count):
        if result != 0:
            _set_place(result, place, load(objects, place))
        elif load(objects, place) != 0:
            release(load(objects, place))
    return result
