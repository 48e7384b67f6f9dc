"""Real-time priority, asked for once by the audio thread itself, in machine code.

A thread that the system may preempt for 20 ms is late however short its work is. Linux: SCHED_FIFO. macOS: the QoS
class of user interaction; threads of CoreAudio have a stronger policy already, which the call leaves alone. Windows:
the multimedia class scheduler. Nothing here fails: what was refused is a number in the control block.

The priority is the lowest range of real time (JACK takes 10, PulseAudio's server 5, PipeWire's 88), so that a sound
server always goes first, and children of the thread do not inherit it, as RTKit demands of its clients. Only threads
that wait for a device between two blocks may ask: one that never waits would keep everything else from the processor.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from numba import int64, types

from engine.audio.kernels.priority_answers import FIFO_PRIORITY, GRANTED, HELD, NOT_ASKED, UNAVAILABLE
from engine.dsp.compile.declare import inlined, kernel
from engine.dsp.compile.host import name_system_functions
from engine.dsp.compile.intrinsics import load, store, store_release

_ANSWER, _THREAD, _SCRATCH, _MORE_SCRATCH = range(4)
"""The words of a request: the answer, the thread's id, and room for what C functions write."""
_SCHED_FIFO, _SCHED_RR, _RESET_ON_FORK = 1, 2, 0x40000000  # <linux/sched.h>
_QOS_USER_INTERACTIVE = 0x21  # <sys/qos.h>
_PRO_AUDIO = int.from_bytes("Pro ".encode("utf-16-le"), "little"), int.from_bytes("Audi".encode("utf-16-le"), "little")
_LAST_LETTER = ord("o")


def _c_function(name: str, result: Any, *arguments: Any) -> Any:
    return types.ExternalFunction(name, result(*arguments))


if sys.platform == "linux":
    _self = _c_function("pthread_self", types.int64)
    _get_policy = _c_function("sched_getscheduler", types.int32, types.int32)
    _set_schedule = _c_function("pthread_setschedparam", types.int32, types.int64, types.int32, types.int64)

    @inlined()
    def _ask(request: int) -> int:
        """A real-time policy that is there already is left alone: JACK's threads have one.

        The system is asked, since the C library believes that a thread has the policy of the one that started it.
        """
        if _get_policy(types.int32(0)) & ~_RESET_ON_FORK in (_SCHED_FIFO, _SCHED_RR):
            return HELD
        store(request, _MORE_SCRATCH, FIFO_PRIORITY)
        code = _set_schedule(_self(), types.int32(_SCHED_FIFO | _RESET_ON_FORK), request + 8 * _MORE_SCRATCH)
        return GRANTED if code == 0 else -int(code)

elif sys.platform == "darwin":
    _set_quality = _c_function("pthread_set_qos_class_self_np", types.int32, types.int32, types.int32)

    @inlined()
    def _ask(request: int) -> int:
        code = _set_quality(types.int32(_QOS_USER_INTERACTIVE), types.int32(0))
        return GRANTED if code == 0 else -int(code)

elif sys.platform == "win32" and name_system_functions():
    _join_class = _c_function("AvSetMmThreadCharacteristicsW", types.int64, types.int64, types.int64)
    _last_error = _c_function("GetLastError", types.uint32)

    @inlined()
    def _ask(request: int) -> int:
        """Join the class "Pro Audio", the registry's name in UTF-16; the handle is given back when the thread ends."""
        store(request, _ANSWER, _PRO_AUDIO[0])
        store(request, _THREAD, _PRO_AUDIO[1])
        store(request, _SCRATCH, _LAST_LETTER)
        store(request, _MORE_SCRATCH, 0)
        handle = _join_class(request, request + 8 * _MORE_SCRATCH)
        store(request, _THREAD, 0)
        return GRANTED if handle != 0 else -int(_last_error())

else:

    @inlined()
    def _ask(request: int) -> int:
        return UNAVAILABLE


if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "gettid"):
    _thread_id = _c_function("gettid", types.int32)
else:

    @inlined()
    def _thread_id() -> int:
        return 0


@kernel("void(int64)")
def ask_once(request: int) -> None:
    """Ask unless the request's first word says that it was done; then that word has the answer, the second the thread.

    The system calls are made in the first block only; from then on this is one load and one comparison.
    """
    if load(request, _ANSWER) == NOT_ASKED:
        answer = _ask(request)
        store(request, _THREAD, int64(_thread_id()))
        store_release(request, _ANSWER, answer)
