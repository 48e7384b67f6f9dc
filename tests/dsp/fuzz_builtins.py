"""Calls every compiled function behind CPython's own door with what it does not take: `python -m ... SEED CALLS`.

A process of its own, because what is looked for is a crash. Arrays lie between guards, so that a write beside one is
seen; references to everything that is passed are counted.
"""

from __future__ import annotations

import array
import functools
import gc
import pickle
import random
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import engine.dsp.pcm16
import engine.dsp.softclip  # noqa: F401 - importing makes their builtins
from engine.audio import control as c
from engine.audio.port import AudioPort
from engine.audio.recorder import Recorder
from engine.audio.ring import Ring

GUARD = 0x5A
LENGTHS = (0, 1, 2, 15, 64, 300)
LEAK = 50
"""References that an object may have more of than at first, after thousands of calls."""
USUAL = {
    "float32_to_pcm16_internal": ("row", "pcm none", "number", "number", "count"),
    "pcm16_to_float32_internal": ("pcm", "row none"),
    "to_float32_metered": ("pcm", "number", "number"),
    "downmix": ("block", "row none"),
    "upmix": ("row", "count", "block none"),
    "soft_clip": ("row",),
    "ramp": ("row", "number", "number"),
    "put": ("row",),
    "get": ("count",),
    "get_into": ("row",),
    "process_blocks": ("column none", "block none", "number", "number", "count"),
    "cut": (),
    "head": (),
    "tail": (),
    "word_reader": ("word",),
    "float_reader": ("word",),
    "wish_writer": ("word", "count"),
}
"""What each function takes, by the names of `Pools`; a new function is to be added."""


class Subclass(np.ndarray[Any, Any]):
    """An array whose type is another."""


class Integer(int):
    """An int whose type is another."""


class Text(str):
    """The same of str."""

    __slots__ = ()


class Raising:
    """A number that cannot be taken."""

    def __float__(self) -> float:
        raise ZeroDivisionError

    def __index__(self) -> int:
        raise ZeroDivisionError


class Shrinking:
    """A number that, when it is taken, leaves an array that was passed beside it with less memory, or another type."""

    def __init__(self, victim: NDArray[Any], dice: random.Random) -> None:
        self._victim, self._dice = victim, dice

    def __float__(self) -> float:
        return float(self.__index__())

    def __index__(self) -> int:
        if self._dice.random() < 0.5:
            self._victim.resize(1, refcheck=False)
        else:
            self._victim.resize(300 * 4 // self._victim.itemsize, refcheck=False)
        return 1


def builtins() -> list[Callable[..., Any]]:
    """Every one there is, bound to rings and a port where it works on one."""
    port = AudioPort(keep_reference=True)
    port.attach_input(8000, 1)
    port.attach_output(8000, 2)
    keep.extend([port, ring := Ring(1024), Recorder(port, 24000, 20)])
    ring.producer.put(np.ones(500, np.float32))
    return [
        value
        for value in gc.get_objects()
        if isinstance(value, types.BuiltinFunctionType)
        and isinstance(value.__self__, int)
        and str(value.__module__).startswith("engine.")
    ]


keep: list[Any] = []
guarded: list[tuple[NDArray[np.uint8], NDArray[Any]]] = []


def between_guards(shape: tuple[int, ...], dtype: Any, *, shift: int = 0) -> NDArray[Any]:
    """An array in the middle of memory whose other bytes are known."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.full(size + 256, GUARD, np.uint8)
    inside = memory[128 + shift : 128 + shift + size]
    inside[:] = np.random.default_rng(size).integers(0, 255, size, np.uint8)
    guarded.append((memory, inside))
    return inside.view(dtype).reshape(shape) if size and not shift else np.ndarray(shape, dtype, memory, 128 + shift)


def arrays() -> list[Any]:
    """Of the right kind and of every wrong one."""
    found: list[Any] = []
    for length in LENGTHS:
        for dtype in (np.float32, np.int16, np.float64, np.uint16, ">f4", ">i2", np.complex64, bool):
            found += [between_guards((length,), dtype), between_guards((length, 2), dtype)]
        row = between_guards((length,), np.float32)
        found += [row[::-1], row[::2], row.reshape(1, length, 1), between_guards((length,), np.float32, shift=1)]
        found += [np.asfortranarray(between_guards((length, 2), np.float32)), row.view(Subclass), np.ma.array(row)]
        fixed = between_guards((length,), np.float32)
        fixed.flags.writeable = False
        found += [fixed, pickle.loads(pickle.dumps(row)), memoryview(row.data), np.array(row.tolist(), object)]
    with_metadata: Any = np.dtype(np.float32, metadata={"unit": "V"})
    found += [np.zeros(64, with_metadata), np.zeros((4, 0), np.float32), np.zeros((0, 4), np.float32)]
    found += [np.array(1.0, np.float32), np.float32(1), np.zeros(8, "f4,i2"), np.zeros(8, "S4"), np.zeros(8, "M8[s]")]
    return found


def other_values() -> list[Any]:
    """Numbers, texts and objects of every kind; none so large a number that memory could really be had for it."""
    numbers = [0, 1, 2, -1, 300, 1 << 62, -(1 << 63), (1 << 63) - 1, 1 << 63, 1 << 200, True, Integer(3)]
    floats = [0.0, 1.0, -1.0, 0.5, float("nan"), float("inf"), 1e308, 5e-324, 1j]
    texts = [
        "",
        "audio_1",
        "é" * 100,
        "\ud800",
        "\0",
        '"',
        Text("a"),
        "{" * 1000,
        '{"',
        '{"delta":"',
    ]
    data = [text.encode("utf-8", "surrogatepass") for text in texts]
    objects = [None, ..., [], (), {}, set(), object(), type, np.ndarray, np.float32, np.dtype("f4"), sys, Raising()]
    buffers = [bytearray(64), memoryview(b"abc"), array.array("f", [1.0] * 64), range(3)]
    return [*numbers, *floats, *texts, *data, *objects, *buffers]


class Pools:
    """What arguments are taken from: the kinds that functions want, and everything."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.everything = [*arrays(), *other_values()]
        alike = [between_guards((64, *more), dtype) for more in ((), (1,), (2,)) for dtype in (np.float32, np.int16)]
        row, pcm, column, _, block, _ = alike
        self.everything += alike
        self._kinds: dict[str, list[Any]] = {
            "none": [None],
            "row": [row, *(value for value in self.everything if _is_array(value, np.float32, 1))],
            "pcm": [pcm, *(value for value in self.everything if _is_array(value, np.int16, 1))],
            "block": [block, *(value for value in self.everything if _is_array(value, np.float32, 2))],
            "column": [column],
            "number": [0.0, 1.0, 1, 0.5, -2.0, float("nan"), float("inf")],
            "count": [-1, 0, 1, 2, 64, 300, 1 << 62],
            "word": [c.EXPECTING, c.WAKE_AT_CAPTURED, c.WAKE_AT_PLAYED, c.INPUT_PEAK, -1, c.WORDS - 1, c.WORDS],
        }

    def arguments(self, function: Callable[..., Any]) -> list[Any]:
        """What a function takes, with some of it replaced, left out or doubled."""
        dice = self._dice
        found: list[Any] = []
        for kinds in USUAL[function.__name__]:
            kind = self._kinds[dice.choice(kinds.split())]
            # The first of a kind most often: they are of one length.
            found.append(kind[0] if dice.random() < 0.5 else dice.choice(kind))
            if dice.random() < 0.15:
                found[-1] = dice.choice(self.everything)
        if dice.random() < 0.1:
            found = found[: dice.randrange(len(found) + 1)]
        if dice.random() < 0.1:
            found *= 2
        if dice.random() < 0.1:
            self._betray(found)
        return found

    def _betray(self, arguments: list[Any]) -> None:
        """Put in a number that changes an array passed beside it."""
        for place, value in enumerate(arguments):
            if isinstance(value, np.ndarray) and value.ndim == 1:
                arguments[place] = victim = np.ones(300, value.dtype)
                arguments[:] = [Shrinking(victim, self._dice) if type(v) in (int, float) else v for v in arguments]
                return


def _is_array(value: Any, dtype: Any, dimensions: int) -> bool:
    return type(value) is np.ndarray and value.dtype == dtype and value.ndim == dimensions


def fuzz(seed: int, calls: int) -> None:
    """Call at random; whatever is returned is looked at, whatever is raised is an exception."""
    dice = random.Random(seed)
    functions, pools = builtins(), Pools(dice)
    assert {function.__name__ for function in functions} == USUAL.keys()
    # Everybody refers to small ints.
    known = [value for value in pools.everything if type(value) is not int or abs(value) > 256]
    raised = returned = 0
    before: list[int] = []
    for number in range(calls):
        if number == calls // 10:
            gc.collect()
            before = [sys.getrefcount(value) for value in known]
        function = dice.choice(functions)
        arguments = pools.arguments(function)
        keywords = {"out": None} if dice.random() < 0.02 else {}
        way: Any = dice.choice([function, functools.partial(function)])
        try:
            result = way(*arguments, **keywords)
        except Exception:
            raised += 1
        else:
            returned += 1
            assert type(result) in (int, float, bytes, tuple, np.ndarray, type(None)), result
            repr(result)
        arguments = result = None  # type: ignore[assignment]
    gc.collect()
    grown = [sys.getrefcount(value) - count for value, count in zip(known, before, strict=True)]
    assert max(map(abs, grown)) < LEAK, [(known[i], n) for i, n in enumerate(grown) if abs(n) >= LEAK]
    for memory, inside in guarded:
        start = inside.ctypes.data - memory.ctypes.data if inside.size else 128
        outside = np.delete(memory, slice(start, start + inside.size))
        assert np.all(outside == GUARD)
    assert min(raised, returned) > calls / 10, (raised, returned)
    print(f"{len(functions)} functions, {returned} calls returned, {raised} raised")


if __name__ == "__main__":
    fuzz(int(sys.argv[1]), int(sys.argv[2]))
