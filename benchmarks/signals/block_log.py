"""Log of the blocks, when each was moved and which frames it held, that compiled code writes on the audio thread.

A look from Python would come too late in just the runs that matter.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numba import int64
from numpy.typing import NDArray

from engine.audio.kernels import control as c
from engine.audio.kernels.callback import UNSIGNED_LONG, move_block
from engine.audio.kernels.ring_layout import HEAD, TAIL
from engine.audio.port.audio_port import AudioPort
from engine.dsp.compile.declare import c_callback, inlined
from engine.dsp.compile.intrinsics import load, monotonic_ns, store, store_release
from engine.dsp.memory import aligned_words

_PLAYED_LOG, _RECORDED_LOG = c.WORDS, c.WORDS + 1
"""The words after the port's own: addresses of the two logs."""
_COUNT, _CAPACITY, _ENTRIES = 0, 1, 2
"""Words of a log: how many entries, of how many, and the entries, a time and a position each."""


@dataclass(frozen=True, slots=True)
class BlockLog:
    """The blocks of one direction in the order in which they came."""

    times_ns: NDArray[np.int64]
    """Time at which each was asked for or delivered, on the clock of `time.monotonic_ns`."""
    positions: NDArray[np.int64]
    """Frames that had gone through the ring before it."""


@inlined()
def _note(log: int, position: int) -> None:
    count = load(log, _COUNT)
    if count < load(log, _CAPACITY):
        store(log, _ENTRIES + 2 * count, monotonic_ns())
        store(log, _ENTRIES + 2 * count + 1, position)
        store_release(log, _COUNT, count + 1)


@c_callback(f"int32(int64, int64, {UNSIGNED_LONG}, int64, {UNSIGNED_LONG}, int64)")
def _logged_callback(source, output, frames, _time_info, flags, control):  # type: ignore[no-untyped-def]
    """PaStreamCallback: the logs, then the kernel."""
    if source != 0 and load(control, c.CAPTURE_RING) != 0:
        _note(load(control, _RECORDED_LOG), load(load(control, c.CAPTURE_RING), HEAD))
    if output != 0 and load(control, c.PLAYBACK_RING) != 0:
        _note(load(control, _PLAYED_LOG), load(load(control, c.PLAYBACK_RING), TAIL))
    move_block(control, source, output, int64(frames), int64(flags))
    return 0


class LoggedPort(AudioPort):
    """A port that notes when each block was moved, whoever drives it."""

    control_words = c.WORDS + 2

    @property
    def callback_address(self) -> int:
        """PaStreamCallback with logs."""
        return int(_logged_callback.address)

    def __init__(self, seconds: float) -> None:
        """Make room for `seconds` of blocks of a millisecond in each direction."""
        super().__init__()
        self._logs = [aligned_words(_ENTRIES + 2 * round(1000 * seconds)) for _ in range(2)]
        for word, log in zip((_PLAYED_LOG, _RECORDED_LOG), self._logs, strict=True):
            log[_CAPACITY] = (log.size - _ENTRIES) // 2
            self._control[word] = log.ctypes.data
        self.driven_from_python = False

    def process(
        self,
        source: NDArray[np.float32] | None,
        output: NDArray[np.float32] | None,
        *,
        flags: int = 0,
    ) -> None:
        """Log and move one block, for backends that are driven by a Python thread."""
        self.driven_from_python = True
        played, recorded = self._logs
        if source is not None and self.capture is not None:
            _note_from_python(recorded, self.capture.head)
        if output is not None and self.playback is not None:
            _note_from_python(played, self.playback.tail)
        super().process(source, output, flags=flags)

    @property
    def played(self) -> BlockLog:
        """The blocks of the speaker so far; positions in frames of answers taken, silence not counted."""
        return _read(self._logs[0])

    @property
    def recorded(self) -> BlockLog:
        """The blocks of the microphone so far."""
        return _read(self._logs[1])


def _note_from_python(log: NDArray[np.int64], position: int) -> None:
    count = int(log[_COUNT])
    if count < log[_CAPACITY]:
        log[_ENTRIES + 2 * count] = time.monotonic_ns()
        log[_ENTRIES + 2 * count + 1] = position
        log[_COUNT] = count + 1


def _read(log: NDArray[np.int64]) -> BlockLog:
    entries = log[_ENTRIES : _ENTRIES + 2 * int(log[_COUNT])].copy()
    return BlockLog(entries[::2], entries[1::2])
