"""Guidance on the first run: where the agent comes from, and how long the kernels have been compiling."""

from __future__ import annotations

import threading
import time

from cli.terminal.presence import has_keyboard
from cli.view.screen import Screen
from engine.api.options import SessionOptions
from engine.config import Config

_POLL_S = 0.5


def introduce(screen: Screen, config: Config, options: SessionOptions) -> None:
    """Say what answers where nobody has chosen, and how to choose; else, in plain lines, that something is going on."""
    if config == Config() and options.provider is None and options.url is None:
        screen.say(
            "Nothing is configured, so you talk with the agent on this machine: it knows the time, sums and a story, "
            "and makes up the weather. `voice setup` connects OpenAI, Yandex AI Studio or a server of your own."
        )
    elif not screen.is_live and has_keyboard():
        screen.say("The conversation is being started.")


class Compiling:
    """Announces the compilation, and on a live screen counts its seconds.

    Called with a sentence before and one afterwards, from any thread.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._over = threading.Event()
        self._counting: threading.Thread | None = None

    def __call__(self, sentence: str) -> None:
        """Print the sentence; begin to count with the first, and end with the second."""
        self._screen.say(sentence)
        if self._counting is None:
            self._counting = threading.Thread(target=self._count, name="voice-compiling", daemon=True)
            self._counting.start()
        else:
            self.end()

    def end(self) -> None:
        """Take the count away."""
        self._over.set()
        if self._counting is not None:
            self._counting.join()

    def _count(self) -> None:
        began_s = time.monotonic()
        while not self._over.wait(_POLL_S):
            self._screen.wait_for(f"compiling for {time.monotonic() - began_s:.0f} s; no later start has to")
        self._screen.wait_for("")
