"""The other end of JACK's wires: a client that records to standard output, or says a file into a port.

`python -m tests.support.jack_far_end [FILE PORT]`; files are mono float32 at the server's rate, the output is stereo.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np

from backends.sounddevice import SounddeviceBackend
from engine.audio.device.open_stream import OpenStream
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Direction, StreamRequest

_PAUSE_S = 0.02


def main(arguments: list[str]) -> None:
    """Record until we are killed, or say the file."""
    port, pause, here = AudioPort(), threading.Event(), f"voice-{os.getpid()}"
    direction = Direction.OUTPUT if arguments else Direction.INPUT
    stream = OpenStream(SounddeviceBackend(), port, StreamRequest(directions=(direction,)))
    stream.start()
    if arguments:
        assert port.playback is not None
        path, target = arguments
        subprocess.run(["jack_connect", f"{here}:out_0", target], capture_output=True, check=True)
        samples = np.fromfile(path, np.float32)
        assert port.playback.put(samples) == samples.size
        while port.stats().played_position < samples.size:
            pause.wait(_PAUSE_S)
        stream.close()
        return
    while port.capture is not None:
        sys.stdout.buffer.write(np.repeat(port.capture.get(port.capture.capacity), 2).tobytes())
        sys.stdout.buffer.flush()
        pause.wait(_PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1:])
