"""Calls every public function that hands memory to a kernel with what it does not take: `python -m ... SEED CALLS`.

A process of its own, because what is looked for is a crash. Arrays lie between guards, so that a write beside one is
seen.
"""

from __future__ import annotations

import array
import functools
import pickle
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.capture import Capture
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.ring import Ring
from engine.audio.processing.processors.high_pass import HighPass
from engine.dsp.meter import meter
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32
from engine.dsp.resample import make_resampler

GUARD = 0x5A
LENGTHS = (0, 1, 2, 15, 64, 300)
USUAL = {
    "float32_to_pcm16": ("row",),
    "pcm16_to_float32": ("pcm",),
    "meter": ("row",),
    "put": ("row",),
    "get": ("count",),
    "process": ("column none", "block none"),
    "resample": ("row",),
    "high_pass": ("row", "row"),
    "read_blocks": (),
    "drop_before": ("count",),
    "wake_at_captured": ("count",),
    "expect_more": ("count",),
}
"""What each function takes, by the names of `Pools`."""


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


def functions() -> dict[str, Callable[..., Any]]:
    """Every function, bound to a ring, a port and a resampler where it belongs to one."""
    port = AudioPort(keep_reference=True)
    port.attach_input(8000, 1)
    port.attach_output(8000, 2)
    ring = Ring(1024)
    ring.put(np.ones(500, np.float32))
    return {
        "float32_to_pcm16": float32_to_pcm16,
        "pcm16_to_float32": pcm16_to_float32,
        "meter": meter,
        "put": ring.put,
        "get": ring.get,
        "process": port.process,
        "resample": make_resampler(48000, 44100).process,
        "high_pass": HighPass().process,
        "read_blocks": Capture(port, 24000, 20).read_blocks,
        "drop_before": port.drop_before,
        "wake_at_captured": port.wake_at_captured,
        "expect_more": port.expect_more,
    }


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
            "count": [-1, 0, 1, 2, 64, 300, 1 << 62, 1 << 64, -(1 << 64) + 10**9],
        }

    def arguments(self, name: str) -> list[Any]:
        """What a function takes, with some of it replaced, left out or doubled."""
        dice = self._dice
        found: list[Any] = []
        for kinds in USUAL[name]:
            kind = self._kinds[dice.choice(kinds.split())]
            # The first of a kind most often: they are of one length.
            found.append(kind[0] if dice.random() < 0.5 else dice.choice(kind))
            if dice.random() < 0.15:
                found[-1] = dice.choice(self.everything)
        if dice.random() < 0.1:
            found = found[: dice.randrange(len(found) + 1)]
        if dice.random() < 0.1:
            found *= 2
        return found


def _is_array(value: Any, dtype: Any, dimensions: int) -> bool:
    return type(value) is np.ndarray and value.dtype == dtype and value.ndim == dimensions


def fuzz(seed: int, calls: int) -> None:
    """Call at random; whatever is raised is an exception, and nothing is written beside an array."""
    dice = random.Random(seed)
    called, pools = functions(), Pools(dice)
    raised = returned = 0
    for _ in range(calls):
        name = dice.choice(sorted(called))
        way: Any = dice.choice([called[name], functools.partial(called[name])])
        try:
            with np.errstate(all="ignore"):
                repr(way(*pools.arguments(name)))
        except Exception:
            raised += 1
        else:
            returned += 1
    for memory, inside in guarded:
        start = inside.ctypes.data - memory.ctypes.data if inside.size else 128
        outside = np.delete(memory, slice(start, start + inside.size))
        assert np.all(outside == GUARD)
    assert min(raised, returned) > calls / 10, (raised, returned)
    print(f"{len(called)} functions, {returned} calls returned, {raised} raised")


if __name__ == "__main__":
    fuzz(int(sys.argv[1]), int(sys.argv[2]))
