"""The C functions that a device's library calls on its audio thread: PortAudio's, and what others are built from.

No Python runs in any of them. A library with another signature takes a function of the backend's own, compiled around
`move_block`, which finds the port by the address that the library hands through as user data:

    from engine.audio.callback import move_block
    from engine.dsp.atomics import address_of
    from engine.dsp.compiled import c_callback

    @c_callback(types.void(types.voidptr, types.voidptr, types.uint32, types.voidptr))
    def on_block(source, output, frames, user_data):
        move_block(address_of(user_data), address_of(source), address_of(output), types.int64(frames), 0.0, 0.0, 0)

The library gets `on_block.address` and `port.control_address`; whoever hands them over keeps the port alive.
"""

from __future__ import annotations

import ctypes

from numba import carray, types

from engine.audio import control as c
from engine.audio import render
from engine.audio.priority import ask_once
from engine.dsp.atomics import address_of, float64_pointer
from engine.dsp.compiled import c_callback, inlined

_unsigned_long = types.uint32 if ctypes.sizeof(ctypes.c_ulong) == 4 else types.uint64
_STREAM_CALLBACK = types.int32(
    types.voidptr, types.voidptr, _unsigned_long, types.voidptr, _unsigned_long, types.voidptr
)
_FINISHED_CALLBACK = types.void(types.voidptr)
_CONTINUE = 0


@inlined()
def move_block(
    control: int, source: int, output: int, frames: int, input_time: float, output_time: float, flags: int
) -> None:
    """`render.process` on a thread that a device drives: the first block also asks for real-time priority.

    Args:
        control: `AudioPort.control_address`.
        source: Address of `frames` interleaved float32 frames of the microphone; 0 for none.
        output: Address of room for `frames` interleaved float32 frames for the speaker; 0 for none.
        frames: Length of the block.
        input_time: When the first sample in was taken, in seconds on the host's clock; 0.0 where unknown.
        output_time: When the first sample out will sound; 0.0 where unknown.
        flags: PaStreamCallbackFlags, or 0.
    """
    if source != 0:
        ask_once(control, c.INPUT_PRIORITY)
    if output != 0:
        ask_once(control, c.OUTPUT_PRIORITY)
    render.process(control, source, output, frames, input_time, output_time, flags)


@c_callback(_STREAM_CALLBACK)
def stream_callback(source, output, frames, time_info, flags, control):  # type: ignore[no-untyped-def]
    """PaStreamCallback; PaStreamCallbackTimeInfo is three doubles: input, current, output."""
    input_time = 0.0
    output_time = 0.0
    if address_of(time_info) != 0:
        times = carray(float64_pointer(address_of(time_info)), (3,))
        input_time = times[0]
        output_time = times[2]
    move_block(
        address_of(control),
        address_of(source),
        address_of(output),
        types.int64(frames),
        input_time,
        output_time,
        types.int64(flags),
    )
    return _CONTINUE


@c_callback(_FINISHED_CALLBACK)
def finished_callback(control):  # type: ignore[no-untyped-def]
    """PaStreamFinishedCallback; fits any library that calls back with the user data alone."""
    render.finish(address_of(control))
