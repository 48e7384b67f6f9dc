"""The clock of everything that runs in an event loop: the loop's own, so that a loop with virtual time has no other."""

from __future__ import annotations

import asyncio
import time


def loop_time_s() -> float:
    """Seconds on the running loop's clock; `time.monotonic`, which real loops use too, where no loop runs.

    Example:
        >>> began_s = loop_time_s()
        >>> loop_time_s() - began_s < 1
        True
    """
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()
