"""The process behind `echo_path`: records the speaker, and plays its echo into the microphone.

The delay is exact and steady: what comes too late leaves a gap, which is counted, and moves nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.signals.room import Signal, distort, synthetic_room
from tests.support.convolver import Convolver
from tests.support.echo_path import Report, Room
from tests.support.soundcard import RATE_HZ

_BLOCK = 240
_SETTLING_BLOCKS = 60
_LATE_FOR_GOOD_S = 2.0
_LOUD = 1e-3
"""RMS of a block that counts as sound, where levels are compared."""


def _drift(ppm: float) -> Callable[[Signal], Signal]:
    """Return what makes blocks as long as another clock's are, through the engine's own filter bank."""
    if not ppm:
        return lambda block: block
    from engine.dsp.resample import make_resampler  # noqa: PLC0415 - brings the kernels

    return make_resampler(RATE_HZ, round(RATE_HZ * (1 + ppm * 1e-6))).process


class _SampleSpec(ctypes.Structure):
    _fields_ = [("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8)]


class _BufferAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")]


class Pulse:
    """One stream of mono float32 of PulseAudio's simple interface: it blocks, and holds no lock of Python's."""

    def __init__(self, device: str, *, is_recorder: bool) -> None:
        self._library = ctypes.CDLL("libpulse-simple.so.0")
        self._library.pa_simple_new.restype = ctypes.c_void_p
        self._library.pa_simple_get_latency.restype = ctypes.c_uint64
        self._error = ctypes.c_int()
        whole = 0xFFFFFFFF
        # A playback stream without prebuffering never waits: what comes too late is left out, and nothing is moved.
        attributes = _BufferAttributes(whole, 4 * RATE_HZ, 0, 4 * _BLOCK, 4 * _BLOCK)
        sample_spec = _SampleSpec(5, RATE_HZ, 1)
        handle = self._library.pa_simple_new(
            *(None, b"echo path", 2 if is_recorder else 1, device.encode(), b"air"),
            *(ctypes.byref(sample_spec), None, ctypes.byref(attributes), ctypes.byref(self._error)),
        )
        assert handle, f"PulseAudio refused {device}: error {self._error.value}"
        self._handle = ctypes.c_void_p(handle)

    def read(self, frames: int) -> Signal:
        """Return the next frames once they are there."""
        block = np.empty(frames, np.float32)
        self._call(self._library.pa_simple_read, block)
        return block

    def write(self, block: Signal) -> None:
        """Queue frames."""
        if block.size:
            self._call(self._library.pa_simple_write, np.ascontiguousarray(block, np.float32))

    @property
    def latency_s(self) -> float:
        """Until what is written now sounds."""
        return float(self._library.pa_simple_get_latency(self._handle, ctypes.byref(self._error))) / 1e6

    def _call(self, function: Any, block: Signal) -> None:
        address = block.ctypes.data_as(ctypes.c_void_p)
        status = function(self._handle, address, ctypes.c_size_t(block.nbytes), ctypes.byref(self._error))
        assert status >= 0, f"PulseAudio: error {self._error.value}"


class Air:
    """The running path, in its own process."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._filter = Convolver(synthetic_room(room.rt60_ms, RATE_HZ, gain_db=room.gain_db), _BLOCK)
        self._drift = _drift(room.ppm)
        self._dice, self._noise = np.random.default_rng(1), np.float32(10 ** (room.noise_db / 20))
        self._near: deque[Signal] = deque()
        self._shift_frames = round(room.delay_ms * RATE_HZ / 1000)
        self._kept: list[bytes] = []
        self._frames = 0
        self._tell_at: int | None = None
        self._in_time_at_s = time.monotonic()
        self._squares, self._loud_blocks = 0.0, 0
        self._earliest_s, self._latest_s = float("inf"), -float("inf")
        self._gaps = 0
        self._delays_s: list[float] = []

    def run(self) -> None:
        """Go on until the process is ended."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._speaker = Pulse("vspk.monitor", is_recorder=True)
        self._microphone = Pulse("vcable", is_recorder=False)
        # Whoever records decides how large the steps of a null sink are: both go in blocks of ours.
        self._steps = Pulse("vcable.monitor", is_recorder=True)
        self._pass_on(_SETTLING_BLOCKS)
        self._clear()
        self._pass_on(_SETTLING_BLOCKS)
        self._shift_frames += round((self._room.delay_ms / 1000 - float(np.median(self._delays_s))) * RATE_HZ)
        self._pass_on(1)
        self._clear()
        self._tell()
        while True:
            self._pass_on(1)
            while not self._commands.empty():
                self._obey(self._commands.get())
            if self._tell_at is not None and self._frames >= self._tell_at:
                self._tell_at = None
                self._tell()

    def _pass_on(self, blocks: int) -> None:
        for _ in range(blocks):
            if self._shift_frames < 0:
                self._speaker.read(-self._shift_frames)
                self._frames -= self._shift_frames
            elif self._shift_frames:
                self._microphone.write(np.zeros(self._shift_frames, np.float32))
            self._shift_frames = 0
            heard = self._speaker.read(_BLOCK)
            self._note_time()
            self._microphone.write(self._with_near(self._drift(self._echo(heard))))

    def _echo(self, heard: Signal) -> Signal:
        echo = self._filter(distort(heard))
        power = float(np.mean(echo**2))
        if power > _LOUD**2:
            self._squares, self._loud_blocks = self._squares + power, self._loud_blocks + 1
        return echo

    def _with_near(self, echo: Signal) -> Signal:
        echo += self._noise * self._dice.standard_normal(echo.size, np.float32)
        at = 0
        while self._near and at < echo.size:
            part = self._near.popleft()
            fits = part[: echo.size - at]
            echo[at : at + fits.size] += fits
            at += fits.size
            if fits.size < part.size:
                self._near.appendleft(part[fits.size :])
        self._kept.append(echo.tobytes())
        return echo

    def _note_time(self) -> None:
        """A block that comes later than what is queued leaves a gap."""
        self._frames += _BLOCK
        queue_s = self._microphone.latency_s
        now_s = time.monotonic()
        if queue_s > 0:
            self._in_time_at_s = now_s
        else:
            self._gaps += 1
        if now_s - self._in_time_at_s > _LATE_FOR_GOOD_S:  # the server has lost some of one side, and not of the other
            self._shift_frames, self._in_time_at_s = round(self._room.delay_ms * RATE_HZ / 1000), now_s
        due_s = now_s - self._frames / RATE_HZ
        self._earliest_s = min(self._earliest_s, due_s)
        self._latest_s = max(self._latest_s, due_s)
        # A null sink hands a block on when it begins to sound: the soonest tell when.
        self._delays_s.append(queue_s + due_s - self._earliest_s)

    def _clear(self) -> None:
        self._latest_s = -float("inf")
        self._gaps = 0
        self._delays_s = []

    def _obey(self, command: dict[str, Any]) -> None:
        if "report" in command:
            report = Report(
                delay_ms=1000 * float(np.median(self._delays_s)),
                gaps=self._gaps,
                latest_ms=1000 * (self._latest_s - self._earliest_s),
                echo_db=10 * float(np.log10(self._power() + 1e-12)),
            )
            self._tell(**asdict(report))
            self._clear()
            return
        if "frames" in command:
            self._tell_at = self._frames + command["frames"]
            return
        begins_at_s, gain = time.monotonic() + self._microphone.latency_s, 1.0
        if "say" in command:
            near = np.load(command["say"])
            gain = self._gain_of(near, command["level_db"])
            self._near.append(np.asarray(near * gain, np.float32))
        elif "keep" in command:
            self._kept.clear()
        elif "save" in command:
            # Only now: whoever writes may have to wait for a disk.
            Path(command["save"]).write_bytes(b"".join(self._kept))
        else:
            self._shift_frames += command["shift_frames"]
        self._tell(begins_at_s=begins_at_s, gain=gain)

    def _gain_of(self, near: Signal, level_db: float | None) -> float:
        if level_db is None:
            return 1.0
        blocks = near[: near.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
        powers = np.mean(blocks**2, axis=1)
        power = float(np.mean(powers[powers > _LOUD**2]))
        return float(np.sqrt(self._power() / power)) * 10 ** (level_db / 20)

    def _power(self) -> float:
        return self._squares / max(1, self._loud_blocks)

    def _listen(self) -> None:
        for line in sys.stdin:
            self._commands.put(json.loads(line))

    def _tell(self, **answer: float) -> None:
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    gc.disable()
    if sys.platform == "linux":
        with contextlib.suppress(PermissionError):  # a person may not
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
    Air(Room(**json.loads(sys.argv[1]))).run()
