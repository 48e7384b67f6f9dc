"""A thread that waits for the microphone is woken by the kernel, and nobody else, whatever the system's line is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import sys
import threading

import numpy as np
import pytest
from numba import cfunc

from engine.audio.port.audio_port import AudioPort
from engine.audio.port.waker import ThreadWaker, Waker
from engine.dsp.compile import host
from engine.dsp.compile.intrinsics import signal_descriptor
from tests.support.tcp_pair import tcp_pair


@pytest.fixture(params=["this", "macos", "windows"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The line of this system, or those of others: a pair of sockets of Unix, or of TCP."""
    if request.param != "this":
        monkeypatch.setattr(sys, "platform", "darwin")  # numba goes by what it was on import, this module by what it is
    if request.param == "windows":
        monkeypatch.setattr(socket, "socketpair", tcp_pair)
    return str(request.param)


@pytest.mark.usefixtures("system")
def test_the_microphone_wakes_the_thread_that_waits_for_it_and_all_else_the_loop() -> None:
    port, loop, thread, woken = AudioPort(), Waker(), ThreadWaker(), threading.Event()
    port.set_wake_descriptor(loop.descriptor)
    port.attach_input(48000, 1)
    port.wake_thread_at_captured(thread)
    port.wake_at_captured(960)

    def wait() -> None:
        thread.wait()
        woken.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    port.process(np.zeros((480, 1), np.float32), None)
    assert not woken.is_set()
    port.process(np.zeros((480, 1), np.float32), None)
    assert woken.wait(60)
    waiting.join()
    with pytest.raises(BlockingIOError):
        loop._line.take()
    port.finish()
    loop._line.take()
    loop.close()


@pytest.mark.usefixtures("system")
def test_nothing_is_signalled_once_it_is_closed() -> None:
    waker = Waker()
    waker.signal()
    waker.close()
    assert waker.descriptor == -1
    waker.signal()
    waker.close()


@pytest.mark.usefixtures("system")
def test_a_line_that_is_full_of_signals_takes_more_of_them() -> None:
    waker = ThreadWaker()
    if isinstance(waker._line.read_end, socket.socket):  # nobody signals so often that an eventfd is full
        with contextlib.suppress(BlockingIOError):
            for _ in range(100_000):
                waker._line.put()
    for _ in range(10):
        waker.signal()
    waker.wait()


def test_a_second_signal_over_tcp_waits_for_no_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(socket, "socketpair", tcp_pair)
    waker = Waker()
    with socket.socket(fileno=os.dup(waker.descriptor)) as write_end:
        assert write_end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    waker.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the code of the other systems is not there")
def test_the_kernels_of_windows_send_to_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine code is made as there, and `send` of this C library takes the place of Winsock's."""
    monkeypatch.setattr(host, "WRITES_TO_SOCKETS", False)

    @cfunc("void(int64)")
    def function(descriptor: int) -> None:
        signal_descriptor(descriptor)

    assert "@send" in function.inspect_llvm()
    reading, writing = tcp_pair()
    ctypes.CFUNCTYPE(None, ctypes.c_int64)(function.address)(writing.fileno())
    assert reading.recv(64) == (1).to_bytes(8, sys.byteorder)
    reading.close()
    writing.close()
