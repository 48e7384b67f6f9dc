"""Real-time priority: asked for once, on the thread that moves the sound, and reported as the system has it."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.audio.kernels import control as c
from engine.audio.kernels.priority_answers import FIFO_PRIORITY
from engine.audio.port.audio_port import AudioPort
from engine.audio.port.priority import AudioThread, Priority, ask_here, audio_thread
from engine.audio.types import Direction

ROOT = Path(__file__).parents[3]
FRAMES = 480
CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int,
    *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p),
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="what the system has is read as Linux shows it")

ASK_WITHOUT_PRIVILEGE = """
from engine.audio.port.priority import ask_here
thread = ask_here()
print(thread.priority.value, thread.error)
"""


def on_a_thread(work: Callable[[], None]) -> None:
    """Run it where a priority that is granted disturbs nobody, and hand on what it raises."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def duplex_port() -> AudioPort:
    """A port of both directions."""
    port = AudioPort()
    port.attach_input(48000, 1)
    port.attach_output(48000, 2)
    return port


def call(port: AudioPort, direction: Direction, times: ctypes.Array[ctypes.c_double] | None = None) -> None:
    """Enter the compiled callback as PortAudio would, for one block; `times` are a PaStreamCallbackTimeInfo."""
    block = np.zeros((FRAMES, 2), np.float32)
    addresses = (block.ctypes.data, None) if direction is Direction.INPUT else (None, block.ctypes.data)
    CALLBACK(port.callback_address)(*addresses, FRAMES, times, 0, port.control_address)


def assert_as_the_system_has_it(thread: AudioThread) -> None:
    """What was reported for the calling thread is what the kernel says."""
    if sys.platform != "linux":
        raise NotImplementedError
    policy = os.sched_getscheduler(0)
    is_real_time = policy & ~os.SCHED_RESET_ON_FORK in (os.SCHED_FIFO, os.SCHED_RR)
    assert thread.priority in (Priority.GRANTED, Priority.HELD, Priority.REFUSED)
    assert is_real_time == (thread.priority is not Priority.REFUSED)
    assert (thread.error == errno.EPERM) == (thread.priority is Priority.REFUSED)
    if is_real_time:
        assert policy & os.SCHED_RESET_ON_FORK
        assert os.sched_getparam(0).sched_priority == FIFO_PRIORITY


@pytest.mark.parametrize("direction", Direction)
def test_the_callback_asks_in_its_first_block_and_reports_what_the_system_has(direction: Direction) -> None:
    if sys.platform != "linux":
        pytest.skip("what the system has is read as Linux shows it")
    port = duplex_port()
    assert port.audio_thread(direction) == AudioThread(0, Priority.NOT_ASKED, 0)

    def work() -> None:
        call(port, direction)
        thread = port.audio_thread(direction)
        assert thread.id == threading.get_native_id()
        assert_as_the_system_has_it(thread)

    on_a_thread(work)
    other = Direction.OUTPUT if direction is Direction.INPUT else Direction.INPUT
    assert port.audio_thread(other).priority is Priority.NOT_ASKED
    stats = port.stats()
    reported = {Direction.INPUT: stats.input_priority, Direction.OUTPUT: stats.output_priority}
    assert reported[direction] is port.audio_thread(direction).priority


def test_it_asks_once_and_leaves_the_thread_alone_from_then_on() -> None:
    if sys.platform != "linux":
        pytest.skip("what the system has is read as Linux shows it")
    port = duplex_port()

    def work() -> None:
        call(port, Direction.INPUT)
        before = port.audio_thread(Direction.INPUT)
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        for _ in range(100):
            call(port, Direction.INPUT)
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert port.audio_thread(Direction.INPUT) == before

    on_a_thread(work)


def test_a_word_that_is_answered_is_not_asked_again() -> None:
    if sys.platform != "linux":
        pytest.skip("what the system has is read as Linux shows it")
    port = duplex_port()
    port._control[c.INPUT_PRIORITY] = -errno.EPERM

    def refused_before() -> None:
        call(port, Direction.INPUT)
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert port.audio_thread(Direction.INPUT).priority is Priority.REFUSED

    on_a_thread(refused_before)


@linux
def test_a_pump_thread_asks_by_the_same_call() -> None:
    port = duplex_port()

    def work() -> None:
        port.ask_for_priority(Direction.OUTPUT)
        assert_as_the_system_has_it(port.audio_thread(Direction.OUTPUT))

    on_a_thread(work)


def test_a_thread_that_the_host_made_real_time_keeps_what_it_has() -> None:
    if sys.platform != "linux":
        pytest.skip("what the system has is read as Linux shows it")
    port = duplex_port()

    def work() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(FIFO_PRIORITY + 1))
        except PermissionError:
            call(port, Direction.INPUT)
            assert port.audio_thread(Direction.INPUT).priority is Priority.REFUSED
            return
        call(port, Direction.INPUT)
        assert os.sched_getscheduler(0) == os.SCHED_RR
        assert os.sched_getparam(0).sched_priority == FIFO_PRIORITY + 1
        assert port.audio_thread(Direction.INPUT).priority is Priority.HELD

    on_a_thread(work)


def test_moving_blocks_from_python_asks_for_nothing() -> None:
    """A clock as fast as the machine can, or a test, would keep everything else from the processor."""
    port = duplex_port()
    port.process(np.zeros((FRAMES, 1), np.float32), np.zeros((FRAMES, 2), np.float32))
    assert {port.audio_thread(direction).priority for direction in Direction} == {Priority.NOT_ASKED}


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) takes the privilege away")
def test_a_refusal_is_quiet_and_named() -> None:
    """Without CAP_SYS_NICE and without a limit that allows it."""
    if sys.platform != "linux":
        pytest.skip("what the system has is read as Linux shows it")
    without = ["--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice"] if os.geteuid() == 0 else []
    limit = ["prlimit", "--rtprio=0:0"] if shutil.which("prlimit") else []
    run = subprocess.run(
        [*limit, "setpriv", *without, sys.executable, "-c", ASK_WITHOUT_PRIVILEGE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout.split(), run.stderr) == (["refused", str(errno.EPERM)], "")


@linux
def test_what_is_granted_here_can_be_seen_without_a_stream() -> None:
    on_a_thread(lambda: assert_as_the_system_has_it(ask_here()))


@linux
def test_a_thread_that_a_real_time_one_has_started_is_not_taken_for_one() -> None:
    def work() -> None:
        ask_here()
        on_a_thread(lambda: assert_as_the_system_has_it(ask_here()))

    on_a_thread(work)


def test_a_refusal_carries_the_systems_code() -> None:
    assert audio_thread(7, -errno.EINVAL) == AudioThread(7, Priority.REFUSED, errno.EINVAL)
    assert audio_thread(7, 3).priority is Priority.UNAVAILABLE
