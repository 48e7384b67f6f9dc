"""The system's answers to the audio thread's request for real-time priority.

The asking itself is `engine.audio.kernels.priority`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.audio.kernels.priority_answers import GRANTED, HELD, NOT_ASKED, REQUEST_WORDS, UNAVAILABLE
from engine.audio.platforms import means_held
from engine.dsp.compile.library import library


class Priority(StrEnum):
    """Scheduling of the audio thread of one direction."""

    NOT_ASKED = "not asked"
    """No block has come yet, or no device drives the port."""
    GRANTED = "granted"
    HELD = "given by the host"
    """The host API had made the thread real-time before the first block."""
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    """This system has none that a program can ask for."""


@dataclass(frozen=True, slots=True)
class AudioThread:
    """The thread that moves the blocks of one direction."""

    id: int
    """The system's, as `threading.get_native_id`; 0 where it is unknown."""
    priority: Priority
    error: int
    """The system's code where priority was refused, else 0."""


def audio_thread(thread_id: int, answer: int) -> AudioThread:
    """Read the first two words of a request.

    Example:
        >>> audio_thread(4711, -1)
        AudioThread(id=4711, priority=<Priority.REFUSED: 'refused'>, error=1)
    """
    if answer < 0:
        held = means_held(-answer)
        return AudioThread(thread_id, Priority.HELD if held else Priority.REFUSED, 0 if held else -answer)
    named = {
        NOT_ASKED: Priority.NOT_ASKED,
        GRANTED: Priority.GRANTED,
        HELD: Priority.HELD,
        UNAVAILABLE: Priority.UNAVAILABLE,
    }
    return AudioThread(thread_id, named[answer], 0)


def ask_here() -> AudioThread:
    """Ask for the calling thread, which keeps what it gets: for a thread that ends soon, to see what is granted."""
    request = np.zeros(REQUEST_WORDS, np.int64)
    library().ask_once(request.ctypes.data)
    return audio_thread(int(request[1]), int(request[0]))
