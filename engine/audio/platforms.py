"""Differences between systems in the audio engine, each with its reason.

Two of them have a place of their own: the request for real-time priority, which is compiled for one system, and the
line that wakes a thread.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys

WASAPI = "Windows WASAPI"
"""The host API of Windows' own sound system; the same devices are listed under others, which lie above it."""
JACK = "JACK Audio Connection Kit"
"""The host API of JACK, which knows no muting: silence is a wire that was not laid."""
_PERMISSION = {
    "darwin": "Allow it in System Settings > Privacy & Security > Microphone for this terminal, and start again.",
    "win32": "Allow it in Settings > Privacy & security > Microphone, also for desktop apps, and start again.",
}
_HELD = {"darwin": 1, "win32": 1552}
"""EPERM of macOS: thread_policy_set has been called on this thread, as Core Audio does, which ends its QoS. And
ERROR_THREAD_ALREADY_IN_TASK of Windows: PortAudio has its WASAPI threads join the multimedia class scheduler itself."""


def microphone_permission() -> str | None:
    """Return how a person lets programs hear the microphone; None where the system keeps none from it."""
    return _PERMISSION.get(sys.platform)


def means_held(code: int) -> bool:
    """Whether a refusal of real-time priority says that the host API has given it to the thread already."""
    return _HELD.get(sys.platform) == code


def error_text(code: int) -> str:
    """Return the system's words for a code of its own: those of Windows are not C's."""
    if sys.platform == "win32":
        return ctypes.FormatError(code).strip()
    return os.strerror(code)


@functools.cache
def share_com() -> None:
    """Let every thread use what another has opened: sound on Windows is made of COM's objects.

    A thread that has not told COM anything belongs to the apartment for many threads, if there is one. It is kept for
    the rest of the process, as a stream may outlive the thread that opened it.
    """
    if sys.platform == "win32":
        ctypes.windll.ole32.CoIncrementMTAUsage(ctypes.byref(ctypes.c_void_p()))
