"""Patience with a sound system that may hang: whoever waits can be interrupted, is told, and does not wait for ever."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import wait
from typing import TypeVar

from engine.audio.platforms import share_com
from engine.daemon_thread import DaemonThread
from engine.errors import StreamLostError

T = TypeVar("T")

_log = logging.getLogger(__name__)
_TOLD_S, _MOST_S = 3.0, 20.0
"""A Bluetooth headset takes seconds to change its mode; PulseAudio gives a server up after 30, and asks anew."""


def wait_for_sound(call: Callable[[], T], discard: Callable[[T], object] = lambda _: None) -> T:
    """Return what a call into the library of a backend returns, from a daemon thread: Ctrl+C works meanwhile.

    Args:
        call: Loads the library, or opens or starts a stream.
        discard: Given a result that comes too late.

    Raises:
        StreamLostError: the sound system does not answer.
        BaseException: what the call raises.

    Example:
        >>> wait_for_sound(lambda: 7)
        7
    """
    share_com()
    outcome = DaemonThread().submit(call)
    if not wait([outcome], _TOLD_S).done:
        _log.warning("The sound system has not answered for %g s.", _TOLD_S)
        wait([outcome], _MOST_S - _TOLD_S)
    if outcome.done():
        return outcome.result()
    outcome.add_done_callback(lambda late: late.exception() or discard(late.result()))
    raise StreamLostError(
        f"The sound system has not answered for {_MOST_S:g} s.", fix="Restart the sound server, or use audio files."
    )
