"""A callback that a backend of other people compiles around a loaded kernel: it moves blocks, and reaches no Python."""

from __future__ import annotations

import numpy as np
from numba import int64

from engine.audio.port.audio_port import AudioPort
from engine.dsp.compile.declare import c_callback
from engine.dsp.compile.library import library
from tests.audio.port.test_priority import on_a_thread


def test_it_moves_a_block_by_the_kernel_that_is_loaded() -> None:
    move_block = library().for_callbacks("move_block")

    @c_callback("void(int64, int64, uint32, int64)")
    def on_block(source, output, frames, user_data):  # type: ignore[no-untyped-def]
        move_block(user_data, source, output, int64(frames), 0)

    code = on_block.inspect_llvm()
    assert "atomic" not in code, "the kernel is compiled anew, for seconds at every start, instead of called"
    assert not any(name in code for name in ("@Py", "@NRT_", "@numba_"))
    port = AudioPort()
    port.attach_input(48000, 1)
    said = np.linspace(-0.5, 0.5, 480, dtype=np.float32)
    on_a_thread(lambda: on_block.ctypes(said.ctypes.data, 0, said.size, port.control_address))
    assert port.capture is not None
    assert np.array_equal(port.capture.get(said.size).ravel(), said)
