"""The C functions that a device's library calls on its audio thread: PortAudio's, and what others are built from.

No Python runs in any of them. A library with another signature takes a function of the backend's own, compiled around
`move_block`, which finds the port by the address that the library hands through as user data:

    from engine.dsp.compile.declare import c_callback
    from engine.dsp.compile.library import library

    move_block = library().for_callbacks("move_block")

    @c_callback("void(int64, int64, uint32, int64)")        # pointers are addresses
    def on_block(source, output, frames, user_data):
        move_block(user_data, source, output, numba.int64(frames), 0)

The library gets `on_block.address` and `port.control_address`; whoever hands them over keeps the port alive. Such a
function is compiled by numba at every start: make it when a stream is opened, not when devices are listed.
"""

from __future__ import annotations

import ctypes

from numba import int64

from engine.audio.kernels import control as c
from engine.audio.kernels.priority import ask_once
from engine.audio.kernels.process import finish, process
from engine.dsp.compile.declare import kernel
from engine.dsp.compile.intrinsics import load, load_float, store, store_float

UNSIGNED_LONG = "uint32" if ctypes.sizeof(ctypes.c_ulong) == 4 else "uint64"
"""C's unsigned long, in numba's words."""
_CONTINUE, _ABORT = 0, 2
_AT_ADC, _NOW, _AT_DAC = 0, 1, 2
"""Words of PaStreamCallbackTimeInfo."""
_MOST_AHEAD_NS = 60_000_000_000
"""A device that was stopped gives at most the half minute that its server has kept for it; ALSA's null gives this much
in 5 ms, on a thread that nothing interrupts."""


@kernel("void(int64, int64, int64, int64, int64)")
def move_block(control: int, source: int, output: int, frames: int, flags: int) -> None:
    """Process a block on a thread that a device drives: the first one also asks for real-time priority.

    A device without a clock is finished: it would keep everything else from the processor.

    Args:
        control: `AudioPort.control_address`.
        source: Address of `frames` interleaved float32 frames of the microphone; 0 for none.
        output: Address of room for `frames` interleaved float32 frames for the speaker; 0 for none.
        frames: Length of the block.
        flags: PaStreamCallbackFlags, or 0.
    """
    if source != 0:
        ask_once(control + 8 * c.INPUT_PRIORITY)
    if output != 0:
        ask_once(control + 8 * c.OUTPUT_PRIORITY)
    process(control, source, output, frames, flags)
    if max(load(control, c.INPUT_AHEAD_NS), load(control, c.OUTPUT_AHEAD_NS)) > _MOST_AHEAD_NS:
        store(control, c.UNCLOCKED, 1)
        finish(control)


@kernel(f"int32(int64, int64, {UNSIGNED_LONG}, int64, {UNSIGNED_LONG}, int64)")
def stream_callback(source: int, output: int, frames: int, time_info: int, flags: int, control: int) -> int:
    """PaStreamCallback."""
    if time_info != 0 and source != 0:
        store_float(control, c.INPUT_LATENCY, load_float(time_info, _NOW) - load_float(time_info, _AT_ADC))
    if time_info != 0 and output != 0:
        store_float(control, c.OUTPUT_LATENCY, load_float(time_info, _AT_DAC) - load_float(time_info, _NOW))
    move_block(control, source, output, int64(frames), int64(flags))
    return _ABORT if load(control, c.UNCLOCKED) else _CONTINUE


@kernel("void(int64)")
def finished_callback(control: int) -> None:
    """PaStreamFinishedCallback; fits any library that calls back with the user data alone."""
    finish(control)
