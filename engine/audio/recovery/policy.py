"""Recovery policy: what to do when a device of a session is lost, returns, or is no longer the system's default.

A state machine without I/O and without a clock: it is told what was seen and when, and answers with commands. What
carries them out is `engine.audio.recovery.runner`.

    RUNNING --lost--> CLOSING --closed--> RESCANNING --all are there--> OPENING --opened--> RUNNING
                                             ^  |                          |
                                             |  `----one is missing-----.  | refused
                                             |                          v  v
                                             `-------it is time------- WAITING
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from engine.audio.device.matching import describe, find_device
from engine.audio.recovery.device_diff import default_of
from engine.audio.recovery.stall import StallDetector, StreamState
from engine.audio.types import Device, Direction, StreamInfo, StreamSide
from engine.backoff import Backoff
from engine.errors import VoiceError

KEPT_S = 10.0
"""Longest wait of unheard audio for a device; then it is dropped."""
POLL_DEFAULT_S = 5.0
"""Time between two polls of the default device."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.25, 3.0
_STEADY_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The devices the person asked for, by names that last; None for the system's default."""

    input: str | None = None
    output: str | None = None
    directions: tuple[Direction, ...] = tuple(Direction)
    """Directions that are open."""

    def of(self, direction: Direction) -> str | None:
        """The name of one direction."""
        return self.input if direction is Direction.INPUT else self.output

    @property
    def follows_default(self) -> bool:
        """Whether the system's default is wanted in either direction."""
        return any(self.of(direction) is None for direction in self.directions)


class Command(Enum):
    """The next thing to do; the call that answers it is named below it, or below the next."""

    CLOSE = auto()
    """`closed`."""
    RESCAN = auto()
    POLL_DEFAULT = auto()
    """`rescanned`. The second asks whether the default has moved, while the stream runs."""
    OPEN = auto()
    """`opened` or `refused`."""
    DROP = auto()
    """Give up what waits to be heard; nothing answers."""


class _State(Enum):
    RUNNING = auto()
    CLOSING = auto()
    RESCANNING = auto()
    WAITING = auto()
    OPENING = auto()


@dataclass(frozen=True, slots=True)
class Lost:
    """The stream is gone and is being looked for; told at once, and again each time it was looked for in vain."""

    waiting_for: str
    attempt: int
    """Number of searches in vain; 0 at first."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """There is a stream again."""

    info: StreamInfo
    away_s: float
    """Time without a stream."""
    is_new_default: bool
    """Nothing was lost: the system's default is another device."""
    is_chosen: bool = False
    """Nothing was lost: other devices were wanted."""


News = Lost | Found


class RecoveryPolicy:
    """Decides for one session.

    Example:
        >>> policy = RecoveryPolicy(Wanted(output="USB Audio, ALSA"))
        >>> speaker = StreamSide("USB Audio", 48000, channels=2, block_frames=480, latency_ms=10.0)
        >>> policy.running(StreamInfo("sounddevice", native=True, input=None, output=speaker), now_s=0.0)
        >>> policy.tick(StreamState(active=False, input_calls=0, output_calls=9, waiting=True), now_s=1.0)
        [<Command.CLOSE: 1>]
        >>> policy.take_news()
        [Lost(waiting_for="any input device and 'USB Audio, ALSA'", attempt=0, reason='')]
    """

    def __init__(self, wanted: Wanted, *, dice: random.Random | None = None) -> None:
        """Keep these devices.

        Args:
            wanted: Which.
            dice: Draws the jitter of the retries.
        """
        self._wanted = wanted
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, _STEADY_S, dice=dice or random.Random())
        self._stall_detector = StallDetector()
        self._state = _State.RUNNING
        self._info: StreamInfo | None = None
        self._news: list[News] = []
        self._running_since_s = self._lost_at_s = self._retry_at_s = self._poll_at_s = 0.0
        self._is_polling = self._is_chosen = self._is_outdated = False
        """The last two: others are wanted than before, and than those that are being opened."""
        self._unreachable: list[str] = []
        """The defaults that could not be opened in place of those that run."""
        self._devices: Sequence[Device] = ()
        self._waiting_since_s: float | None = None
        self._is_new_default = False

    def running(self, info: StreamInfo, now_s: float) -> None:
        """Note that a stream has been opened and started."""
        self._state, self._info = _State.RUNNING, info
        self._running_since_s = now_s
        self._poll_at_s = now_s + POLL_DEFAULT_S
        self._stall_detector = StallDetector()
        self._waiting_since_s = None

    def take_news(self) -> list[News]:
        """Return the news for the person since the last call."""
        news, self._news = self._news, []
        return news

    def tick(self, stream: StreamState, now_s: float) -> list[Command]:
        """Look at the stream, several times a second."""
        if self._state is _State.RUNNING:
            if not self._stall_detector.is_running(stream, now_s):
                return self._lose(now_s)
            if self._wanted.follows_default and not self._is_polling and now_s >= self._poll_at_s:
                self._is_polling = True
                return [Command.POLL_DEFAULT]
            return []
        commands = [Command.DROP] if self._has_waited_too_long(stream, now_s) else []
        if self._state is _State.WAITING and now_s >= self._retry_at_s:
            self._state = _State.RESCANNING
            commands.append(Command.RESCAN)
        return commands

    def want(self, wanted: Wanted, now_s: float) -> list[Command]:
        """Keep other devices from now on; a stream that runs is given up for them."""
        self._wanted, self._is_new_default, self._unreachable = wanted, False, []
        self._is_chosen = True
        if self._state is not _State.RUNNING:
            self._retry_at_s = now_s
            self._is_outdated = self._state is _State.OPENING
            return []
        self._leave(now_s)
        return [Command.CLOSE]

    def closed(self) -> list[Command]:
        """The lost stream is closed; where only the default has moved, the devices are known."""
        if self._is_new_default:
            self._state = _State.OPENING
            return [Command.OPEN]
        self._state = _State.RESCANNING
        return [Command.RESCAN]

    def rescanned(self, devices: Sequence[Device] | None, now_s: float, reason: str = "") -> list[Command]:
        """Take the list of devices; None where there is none, for that reason.

        Args:
            devices: The devices as they are now.
            now_s: Time on any clock that only goes on.
            reason: Words for the person, if the list could not be had.
        """
        if self._state is _State.RESCANNING:
            missing = None if devices is None else self._missing(devices)
            if missing is None or missing:
                return self._wait(missing or "the sound system", reason, now_s)
            self._state = _State.OPENING
            return [Command.OPEN]
        self._is_polling = False
        self._poll_at_s = now_s + POLL_DEFAULT_S
        if self._state is _State.RUNNING and devices is not None and self._default_moved(devices):
            self._is_new_default, self._devices = True, devices
            self._leave(now_s)
            return [Command.CLOSE]
        return []

    def opened(self, info: StreamInfo, now_s: float) -> list[Command]:
        """The stream runs again."""
        is_new_default, is_chosen = self._is_new_default, self._is_chosen
        self._is_new_default = False
        if self._is_outdated:
            self._is_outdated, self._state = False, _State.CLOSING
            return [Command.CLOSE]
        self._is_chosen = False
        self.running(info, now_s)
        if is_new_default and self._default_moved(self._devices):
            self._unreachable = _defaults(self._devices)  # it was the old one again: there is nothing to tell
        else:
            self._news.append(Found(info, now_s - self._lost_at_s, is_new_default, is_chosen))
        return []

    def refused(self, error: VoiceError, now_s: float) -> list[Command]:
        """The devices are there, but cannot be opened."""
        return self._wait(self._wanted_text(self._wanted.directions), error.message, now_s)

    def _lose(self, now_s: float) -> list[Command]:
        self._is_new_default = False
        self._leave(now_s)
        self._news.append(Lost(self._wanted_text(self._wanted.directions), 0))
        return [Command.CLOSE]

    def _leave(self, now_s: float) -> None:
        self._backoff.held(now_s - self._running_since_s)
        self._state, self._lost_at_s = _State.CLOSING, now_s
        self._is_polling = False

    def _wait(self, waiting_for: str, reason: str, now_s: float) -> list[Command]:
        self._state = _State.WAITING
        self._is_new_default = False
        self._retry_at_s = now_s + self._backoff.failed()
        self._news.append(Lost(waiting_for, self._backoff.failures, reason))
        return []

    def _has_waited_too_long(self, stream: StreamState, now_s: float) -> bool:
        """Whether something has waited for a device for 10 s; what comes later waits anew."""
        if not stream.waiting:
            self._waiting_since_s = None
        elif self._waiting_since_s is None:
            self._waiting_since_s = now_s
        elif now_s - self._waiting_since_s >= KEPT_S:
            self._waiting_since_s = None
            return True
        return False

    def _missing(self, devices: Sequence[Device]) -> str:
        """The wanted devices that are not there, in words; "" if all are."""
        missing = []
        for direction in self._wanted.directions:
            try:
                find_device(devices, self._wanted.of(direction), direction)
            except VoiceError:
                missing.append(direction)
        return self._wanted_text(missing)

    def _wanted_text(self, directions: Iterable[Direction]) -> str:
        named = ((self._wanted.of(direction), direction) for direction in directions)
        return " and ".join(repr(name) if name else f"any {direction.value} device" for name, direction in named)

    def _default_moved(self, devices: Sequence[Device]) -> bool:
        if _defaults(devices) == self._unreachable:
            return False
        for direction in Direction:
            side, default = self._side(direction), default_of(devices, direction)
            if self._wanted.of(direction) is not None or side is None or default is None:
                continue
            if describe(default) != f"{side.device}, {side.host_api}":
                return True
        return False

    def _side(self, direction: Direction) -> StreamSide | None:
        if self._info is None:
            return None
        return self._info.input if direction is Direction.INPUT else self._info.output


def _defaults(devices: Sequence[Device]) -> list[str]:
    defaults = (default_of(devices, direction) for direction in Direction)
    return [describe(default) if default else "" for default in defaults]
