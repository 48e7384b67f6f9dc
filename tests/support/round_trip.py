"""Prints the round trip from the card's speaker to each of the inputs that are named, in milliseconds, one a line."""

from __future__ import annotations

import contextlib
import sys

import numpy as np

from benchmarks.signals.round_trip import between_rings
from benchmarks.signals.wiring import hear_train
from engine.audio.device.registry import load_backend
from engine.audio.types import StreamRequest

_CHIRPS, _TRIES = 3, 5


def main() -> None:
    """Measure again where the sound server was late: a chirp is missing then, or lies elsewhere."""
    with contextlib.closing(load_backend("sounddevice")) as backend:
        for name in sys.argv[1:]:
            request = StreamRequest(input=name, output="vspk", block_ms=10)
            for _ in range(_TRIES):
                recording, arrivals = hear_train(backend, request, _CHIRPS, 0.4)
                if arrivals.offsets.size == _CHIRPS and np.ptp(arrivals.offsets) <= 2 and not recording.xruns:
                    break
            else:
                sys.exit(f"{name}: the path is not steady, {arrivals.offsets}, {recording.xruns} xruns")
            ahead = between_rings(recording.played, recording.recorded, recording.rates_hz)
            print(1000 * (float(np.median(arrivals.offsets)) + ahead) / recording.rates_hz[1])


if __name__ == "__main__":
    main()
