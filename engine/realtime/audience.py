"""Telling of session events to observers: in order, without secrets, and each on its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from engine.audio.clock import loop_time_s
from engine.errors import VoiceError
from engine.realtime.session_events import ErrorShown, Observer, SessionEvent
from engine.redaction import Scrubber

_log = logging.getLogger(__name__)


class Audience:
    """The observers of a session."""

    def __init__(self, observers: Sequence[Observer], scrubber: Scrubber, emit: Callable[[SessionEvent], None]) -> None:
        """Gather them.

        Args:
            observers: Told everything, in this order.
            scrubber: Takes known secrets out of what they are told.
            emit: Takes what is to be told in its turn.
        """
        self._observers = list(observers)
        self._scrubber = scrubber
        self._emit = emit

    def tell(self, session_event: SessionEvent) -> None:
        """Tell every observer, what one concludes first; one that fails is told no more, and the others hear of it."""
        session_event = self._scrubber.clean_fields(session_event)
        now_s = loop_time_s()
        # One that fails with what another concludes from an event is not told the event itself.
        for observer in filter(self._observers.__contains__, list(self._observers)):
            try:
                for follows in observer(session_event, now_s) or ():
                    self.tell(follows)
            except Exception as error:  # whatever it is, the conversation goes on
                self._observers.remove(observer)
                level = logging.DEBUG if isinstance(error, VoiceError) else logging.WARNING
                _log.log(level, "an observer failed", exc_info=error)
                what = f"Part of the display has stopped: {type(error).__name__}: {error}"
                self._emit(ErrorShown(error.message if isinstance(error, VoiceError) else what))
