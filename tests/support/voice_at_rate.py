"""`voice` on a machine whose devices take one rate only: `python -m tests.support.voice_at_rate RATE_HZ run ...`.

The virtual card's ALSA devices take every rate, and the engine then prefers 48000 Hz; hardware is often not so kind.
"""

from __future__ import annotations

import sys

from backends import portaudio
from cli.main import main

if __name__ == "__main__":
    rate_hz = int(sys.argv.pop(1))
    portaudio._COMMON_RATES_HZ = (rate_hz,)  # type: ignore[assignment]
    main()
