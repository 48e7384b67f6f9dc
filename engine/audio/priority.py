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
import platform
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.dsp.atomics import load, store, store_release
from engine.dsp.compiled import inlined, kernel

FIFO_PRIORITY = 5

_NOT_ASKED, _GRANTED, _HELD, _UNAVAILABLE = 0, 1, 2, 3
"""What a control block's word holds; a refusal is the system's error code, negative."""
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_SCHED_FIFO, _SCHED_RR, _RESET_ON_FORK = 1, 2, 0x40000000  # <linux/sched.h>
_QOS_USER_INTERACTIVE = 0x21  # <sys/qos.h>
_OPTED_OUT = 1  # EPERM: thread_policy_set has been called on this thread, which ends its QoS
_GETTID = {"x86_64": 186, "aarch64": 178, "riscv64": 178, "ppc64le": 207}
"""Number of the system call; the C library has no function for it before glibc 2.30."""


class Priority(StrEnum):
    """How the audio thread of one direction is scheduled."""

    NOT_ASKED = "not asked"
    """No block has come yet, or no device drives the port."""
    GRANTED = "granted"
    HELD = "given by the host"
    """The host API had made the thread real-time before the first block."""
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    """This system has none that a program can ask for."""


@dataclass(frozen=True, slots=True)
class AudioThread:
    """The thread that moves the blocks of one direction."""

    id: int
    """The system's, as `threading.get_native_id`; 0 where it is unknown."""
    priority: Priority
    error: int
    """The system's code where priority was refused, else 0."""


def audio_thread(thread_id: int, answer: int) -> AudioThread:
    """Read the two words that `ask_once` leaves in a control block.

    Example:
        >>> audio_thread(4711, -1)
        AudioThread(id=4711, priority=<Priority.REFUSED: 'refused'>, error=1)
    """
    if answer < 0:
        held = sys.platform == "darwin" and answer == -_OPTED_OUT
        return AudioThread(thread_id, Priority.HELD if held else Priority.REFUSED, 0 if held else -answer)
    named = {
        _NOT_ASKED: Priority.NOT_ASKED,
        _GRANTED: Priority.GRANTED,
        _HELD: Priority.HELD,
        _UNAVAILABLE: Priority.UNAVAILABLE,
    }
    return AudioThread(thread_id, named[answer], 0)


def _call(builder: Any, name: str, result: Any, *arguments: Any, variadic: bool = False) -> Any:
    """Call a C function by name: a cached kernel survives that, an address would not."""
    fixed = arguments[:1] if variadic else arguments
    function_type = ir.FunctionType(result, [argument.type for argument in fixed], var_arg=variadic)
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), arguments)


def _refusal(builder: Any, code: Any) -> Any:
    """The word for a call that returns 0 or an error code."""
    granted = builder.icmp_signed("==", code, ir.Constant(code.type, 0))
    return builder.select(granted, ir.Constant(_I64, _GRANTED), builder.sext(builder.neg(code), _I64))


def _ask_linux(builder: Any) -> Any:
    """A policy of real time that is there already is left alone: JACK's threads have one."""
    policy = cgutils.alloca_once_value(builder, ir.Constant(_I32, 0))
    priority = cgutils.alloca_once_value(builder, ir.Constant(_I32, 0))
    answer = cgutils.alloca_once_value(builder, ir.Constant(_I64, _HELD))
    this = _call(builder, "pthread_self", _I64)
    _call(builder, "pthread_getschedparam", _I32, this, policy, priority)
    now = builder.and_(builder.load(policy), ir.Constant(_I32, ~_RESET_ON_FORK & 0xFFFFFFFF))
    is_fifo, is_rr = (builder.icmp_signed("==", now, ir.Constant(_I32, kind)) for kind in (_SCHED_FIFO, _SCHED_RR))
    with builder.if_then(builder.not_(builder.or_(is_fifo, is_rr)), likely=True):
        builder.store(ir.Constant(_I32, FIFO_PRIORITY), priority)
        wanted = ir.Constant(_I32, _SCHED_FIFO | _RESET_ON_FORK)
        code = _call(builder, "pthread_setschedparam", _I32, this, wanted, priority)
        builder.store(_refusal(builder, code), answer)
    return builder.load(answer)


def _ask_macos(builder: Any) -> Any:
    quality, below = ir.Constant(_I32, _QOS_USER_INTERACTIVE), ir.Constant(_I32, 0)
    return _refusal(builder, _call(builder, "pthread_set_qos_class_self_np", _I32, quality, below))


def _ask_windows(builder: Any) -> Any:
    """The task's name is the registry's, in UTF-16; the handle is given back when the thread ends."""
    task = bytearray("Pro Audio\0".encode("utf-16-le"))
    name = cgutils.global_constant(builder, "mmcss_task", cgutils.make_bytearray(task))
    index = cgutils.alloca_once_value(builder, ir.Constant(_I32, 0))
    handle = _call(builder, "AvSetMmThreadCharacteristicsW", _I64, name, index)
    code = builder.zext(_call(builder, "GetLastError", _I32), _I64)
    granted = builder.icmp_signed("!=", handle, ir.Constant(_I64, 0))
    return builder.select(granted, ir.Constant(_I64, _GRANTED), builder.neg(code))


def _windows_functions() -> bool:
    """Tell the compiler where the two functions of Windows are: it looks in no library by itself."""
    try:
        for library, function in (("avrt", "AvSetMmThreadCharacteristicsW"), ("kernel32", "GetLastError")):
            loaded = getattr(ctypes.CDLL(library), function)
            llvm.add_symbol(function, ctypes.cast(loaded, ctypes.c_void_p).value)
    except (OSError, AttributeError):
        return False
    return True


_ASK = {"linux": _ask_linux, "darwin": _ask_macos, "win32": _ask_windows}.get(sys.platform)
if sys.platform == "win32" and not _windows_functions():
    _ASK = None


@intrinsic
def _ask(typing_context: Any) -> Any:
    """Ask for real-time priority for the calling thread and return the control block's word."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(_I64, _UNAVAILABLE) if _ASK is None else _ASK(builder)

    return types.int64(), generate


@intrinsic
def _thread_id(typing_context: Any) -> Any:
    """The calling thread's id on Linux; 0 elsewhere."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = _GETTID.get(platform.machine())
        if sys.platform != "linux" or number is None:
            return ir.Constant(_I64, 0)
        return _call(builder, "syscall", _I64, ir.Constant(_I64, number), variadic=True)

    return types.int64(), generate


@inlined()
def ask_once(control: int, word: int) -> None:
    """Ask unless this direction's word says that it has been asked; the thread's id goes into the word after it.

    The system calls are made in the first block only; from then on this is one load and one comparison.
    """
    if load(control, word) == _NOT_ASKED:
        store(control, word + 1, _thread_id())
        store_release(control, word, _ask())


@kernel("int64()")
def _ask_here() -> int:
    return _ask()


def ask_here() -> AudioThread:
    """Ask for the calling thread, which keeps what it gets: for a thread that ends soon, to see what is granted."""
    return audio_thread(0, _ask_here())
