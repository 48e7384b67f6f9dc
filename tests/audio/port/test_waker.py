"""A thread that waits for the microphone is woken by the kernel, and nobody else."""

from __future__ import annotations

import os
import sys
import threading

import numpy as np
import pytest

from engine.audio.port.audio_port import AudioPort
from engine.audio.port.waker import ThreadWaker, Waker


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
    if loop.descriptor >= 0:
        with pytest.raises(BlockingIOError):
            os.read(loop.descriptor, 8)
        port.finish()
        assert os.read(loop.descriptor, 8)
    loop.close()


def test_nothing_is_signalled_once_it_is_closed() -> None:
    waker = Waker()
    waker.close()
    waker.signal()
    waker.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no descriptor is signalled there")
def test_a_pipe_that_is_full_of_signals_takes_more_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as macos:
        macos.delattr(os, "eventfd", raising=False)
        waker = ThreadWaker()
    with pytest.raises(BlockingIOError):
        while True:
            os.write(waker.descriptor, bytes(4096))
    waker.signal()
    waker.wait()


def test_a_thread_looks_by_itself_where_nothing_can_signal_a_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.delattr(os, "eventfd", raising=False)
        windows.setattr(sys, "platform", "win32")
        waker = ThreadWaker()
    assert waker.descriptor == -1
    waker.wait()
    waker.signal()
