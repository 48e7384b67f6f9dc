"""Telling of session events to observers: in order, without secrets, and each on its own."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from engine.audio.clock import loop_time_s
from engine.errors import VoiceError
from engine.realtime.session_events import ErrorShown, Observer, SessionEvent, Summary
from engine.redaction import Scrubber

_log = logging.getLogger(__name__)

Watch = Callable[[SessionEvent, float], Sequence[SessionEvent]]
"""An observer of the session's own: everybody is told the session events it returns, before the one it was given."""


class Audience:
    """The observers of a session, for everybody who has something to tell them.

    Example:
        >>> from engine.realtime.session_events import UserTyped
        >>> audience = Audience([lambda event, at_s: print(event.text)], Scrubber(["AQVN-1234"]))
        >>> audience.tell(UserTyped("My key is AQVN-1234."))
        My key is ***.
    """

    def __init__(self, observers: Sequence[Observer], scrubber: Scrubber, watches: Sequence[Watch] = ()) -> None:
        """Gather them.

        Args:
            observers: Told everything, in this order.
            scrubber: Takes known secrets out of what they are told.
            watches: Told before them; what these conclude from an event everybody is told before that event.
        """
        self._observers = [*watches, *observers]
        self._watches = watches
        self._scrubber = scrubber
        self._to_tell: deque[SessionEvent] = deque()
        self._is_telling = self._is_over = False

    def join(self, observer: Observer) -> None:
        """Add an observer, the last to be told."""
        self._observers.append(observer)

    def tell(self, *session_events: SessionEvent) -> None:
        """Tell everybody, after what is being told; one that fails is told no more, and the others hear of it.

        After a summary only that is told: the session is over.
        """
        if not self._is_over:
            self._to_tell.extend(session_events)
        self._is_over |= Summary in map(type, session_events)
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._to_tell:
                self._tell_now(self._to_tell.popleft(), loop_time_s())
        finally:
            self._is_telling = False

    def _tell_now(self, session_event: SessionEvent, now_s: float) -> None:
        session_event = self._scrubber.clean_fields(session_event)
        # One that fails with what a watch concludes from an event is not told the event itself.
        for observer in filter(self._observers.__contains__, list(self._observers)):
            try:
                concluded = observer(session_event, now_s)
                for follows in cast(Sequence[SessionEvent], concluded) if observer in self._watches else ():
                    self._tell_now(follows, now_s)
            except Exception as error:  # whatever it is, the conversation goes on
                self._observers.remove(observer)
                level = logging.DEBUG if isinstance(error, VoiceError) else logging.WARNING
                _log.log(level, "an observer failed", exc_info=error)
                what = f"Part of the display has stopped: {type(error).__name__}: {error}"
                self._to_tell.append(ErrorShown(error.message if isinstance(error, VoiceError) else what))
