"""Declared settings: the server's word on its session is believed, or it is said plainly what cannot be served."""

from __future__ import annotations

from typing import Any

from engine.errors import ProtocolBrokenError
from engine.realtime.conversation.actions import Action, EndSession, Show
from engine.realtime.protocol.server_events import SessionUpdated
from engine.realtime.session_events import ErrorShown, OutputRate

_PCM = "audio/pcm"
_OTHER = "Choose a server or a model that speaks and hears PCM."


class DeclaredSession:
    """Compares what was asked for with what the server says it has set.

    Example:
        >>> declared = DeclaredSession(interrupts_by_itself=True)
        >>> declared.take(SessionUpdated("sess_1", output_rate_hz=24000, interrupts_response=False))
        [Show(notice=OutputRate(declared_hz=24000))]
        >>> declared.interrupts
        False
    """

    def __init__(self, *, interrupts_by_itself: bool) -> None:
        self.asked: dict[str, Any] = {}
        """The settings that the session is to have."""
        self._can_interrupt = interrupts_by_itself
        self.interrupts = interrupts_by_itself
        """Whether the server ends a response when the user speaks; else it is told to."""
        self._told: set[str] = set()

    def take(self, event: SessionUpdated) -> list[Action]:
        """Take the server's word; return what the person is to know of it, or the end of the session."""
        if event.interrupts_response is not None:
            self.interrupts = self._can_interrupt and event.interrupts_response
        for kind, verb in ((event.input_format, "hears"), (event.output_format, "speaks")):
            if kind not in ("", _PCM):
                return [EndSession(ProtocolBrokenError(f"The server {verb} {kind}, and not {_PCM}.", fix=_OTHER))]
        told: list[Action] = []
        if event.output_rate_hz is not None and event.output_rate_hz > 0:
            told.append(Show(OutputRate(event.output_rate_hz)))
        settings = self.asked.get("audio", {}).get("input", {})
        rate_hz = settings.get("format", {}).get("rate")
        if rate_hz and event.input_rate_hz and event.input_rate_hz not in (0, rate_hz):
            told += self._once(f"The server hears at {event.input_rate_hz} Hz what is sent at {rate_hz} Hz.")
        if "turn_detection" in settings and not settings["turn_detection"] and event.turn_detection:
            told += self._once("The server ends your turns by itself, although a key should end them.")
        return told

    def _once(self, message: str) -> list[Action]:
        is_new = message not in self._told
        self._told.add(message)
        return [Show(ErrorShown(message, "declared"))] if is_new else []
