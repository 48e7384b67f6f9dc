"""The present state of a session's sound, for a screen: levels, volume, devices, and the words that have sounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.audio.device.blame import devices_of
from engine.audio.device.matching import find_device, lasting_name
from engine.audio.recovery.runner import RecoveryRunner
from engine.audio.session_audio import SessionAudio
from engine.audio.types import Device, Direction, ProcessingReport, StreamInfo
from engine.errors import InvalidInputError
from engine.realtime.conversation.responses import Responses

_VOLUME_DB = -60.0, 24.0
"""Least and greatest gain of the speaker."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Peaks of the newest blocks in dB of full scale; minus infinity is silence."""

    input_db: float
    output_db: float


class Monitor:
    """Looks at the sound of one session and changes it; a question costs microseconds.

    Example:
        >>> from engine import Session
        >>> async with Session(provider="local", backend="virtual") as session:
        ...     session.monitor.volume_db -= 3.0
        ...     round(session.monitor.volume_db)
        -3
    """

    def __init__(
        self, audio: SessionAudio, responses: Responses, recovery: Callable[[], RecoveryRunner | None]
    ) -> None:
        self._audio = audio
        self._responses = responses
        self._recovery = recovery

    @property
    def stream(self) -> StreamInfo:
        """Devices or files, as they are open now."""
        return self._audio.info

    @property
    def levels(self) -> Levels:
        """Levels of the microphone and the speaker."""
        stats = self._audio.port.stats()
        return Levels(stats.input_peak_db, stats.output_peak_db)

    @property
    def processing(self) -> ProcessingReport:
        """Processing of the microphone so far."""
        return self._audio.processing_report()

    @property
    def volume_db(self) -> float:
        """Gain of the speaker in dB, from -60 to 24; setting what is no number raises InvalidInputError."""
        return self._audio.volume_db

    @volume_db.setter
    def volume_db(self, volume_db: float) -> None:
        if math.isnan(volume_db):
            raise InvalidInputError("The volume is to be a number.", fix="Give decibels, from -60 to 24.")
        least_db, most_db = _VOLUME_DB
        self._audio.volume_db = min(max(volume_db, least_db), most_db)

    def sounded(self, item_id: str) -> str | None:
        """Return the agent's words of an item as far as they have sounded; None where that is not known just now."""
        sounding = self._audio.player.sounded(self._audio.output_latency_s)
        return None if sounding is None else self._responses.sounded(item_id, sounding)

    @property
    def devices(self) -> Sequence[Device]:
        """Devices of the session's backend."""
        return devices_of(self._audio.backend)

    def use(self, direction: Direction, name: str | None) -> None:
        """Go on with another device, as soon as it is open; the conversation hears of it in a `DeviceFound`.

        Args:
            direction: Microphone or speaker.
            name: Index, name, or words of the name; None for the system's default, and to follow it.

        Raises:
            UnknownDeviceError: there is no such device, or several.
            InvalidInputError: the devices of this session cannot be changed.
        """
        recovery = self._recovery()
        if recovery is None or direction not in self._audio.wanted.directions:
            raise InvalidInputError("The devices of this session cannot be changed.", fix="Start another session.")
        if name is not None:
            name = lasting_name(self.devices, find_device(self.devices, name, direction), direction)
        wanted = self._audio.wanted
        is_input = direction is Direction.INPUT
        recovery.move(replace(wanted, input=name) if is_input else replace(wanted, output=name))
