"""Playout delay: how long an answer waits before it sounds, which follows how late its audio comes.

A delta is due when all audio before it has sounded, had that begun as soon as the first delta came. Its lateness is

    when it came - (when the first came + the audio between them)

or, where everything has been later than that for two seconds, what it is later than the soonest of these: a pause of
the server that was not caught up is one, however long the answer goes on. Of each half second in which deltas came late
or nearly so, the worst is kept; the delay is the 95th percentile of the last forty of these.

So does WebRTC's NetEq (`DelayManager`, `UnderrunOptimizer`): the 0.95 quantile of the delay relative to the soonest
packet of two seconds, its worst value in an interval taken, so that what counts is the chance of a gap in a stretch of
time, however small the packets. Unlike there, earliness is banked: answers come faster than they sound.
"""

from __future__ import annotations

import math
from collections import deque

MIN_MS, MAX_MS = 20.0, 300.0
_QUANTILE = 0.95
_INTERVAL_MS, _INTERVALS = 500.0, 40
_HISTORY_MS = 2000.0


class Lateness:
    """Lateness of the deltas of one answer after another, and its percentile."""

    def __init__(self) -> None:
        self._worst: deque[tuple[float, float]] = deque(maxlen=_INTERVALS)
        """The beginning of each interval, and the worst lateness in it."""
        self._soonest: deque[tuple[float, float]] = deque()
        """Deltas of the last two seconds that no later one was sooner than: when it came, and when the answer would
        have begun for it to come just in time. Rising, so the first is the soonest."""
        self._first_ms: float | None = None
        self._audio_ms = 0.0

    @property
    def percentile_ms(self) -> float:
        """The lateness that 95 % of the half seconds stayed below; 0 while nothing is known."""
        if not self._worst:
            return 0.0
        worst = sorted(lateness_ms for _, lateness_ms in self._worst)
        return worst[math.ceil(_QUANTILE * len(worst)) - 1]

    def begin(self) -> None:
        """Note that another item begins: its first delta is not late."""
        self._first_ms = None
        self._audio_ms = 0.0
        self._soonest.clear()

    def arrived(self, now_ms: float, audio_ms: float) -> float:
        """Take a delta and how much audio it holds; return how late it is, negative where it is early."""
        just_in_time_ms = now_ms - self._audio_ms
        self._audio_ms += audio_ms
        while self._soonest and now_ms - self._soonest[0][0] > _HISTORY_MS:
            self._soonest.popleft()
        while self._soonest and self._soonest[-1][1] >= just_in_time_ms:
            self._soonest.pop()
        self._soonest.append((now_ms, just_in_time_ms))
        if self._first_ms is None:
            self._first_ms = now_ms
            return 0.0
        lateness_ms = just_in_time_ms - max(self._first_ms, self._soonest[0][1])
        if lateness_ms > -MAX_MS:  # one that is earlier says nothing about the delay: none would have mattered
            self._keep(now_ms, lateness_ms)
        return lateness_ms

    def _keep(self, now_ms: float, lateness_ms: float) -> None:
        if self._worst and now_ms - self._worst[-1][0] < _INTERVAL_MS:
            began_ms, worst_ms = self._worst[-1]
            self._worst[-1] = began_ms, max(worst_ms, lateness_ms)
        else:
            self._worst.append((now_ms, lateness_ms))


class PlayoutDelay:
    """Decides when playback of an answer starts; its clock is the caller's, in milliseconds from anywhere.

    Example:
        >>> playout_delay = PlayoutDelay()
        >>> playout_delay.arrived(0.0, 100.0, begins=True, silent=True)
        >>> playout_delay.covers(10.0), playout_delay.covers(20.0)
        (False, True)
    """

    def __init__(self) -> None:
        self._lateness = Lateness()
        self._since_ms = 0.0
        """Since when the audio that does not sound yet has been coming."""
        self._in_hand_ms = 0.0
        self._delayed_ms = 0.0
        """Delay that the answer has already gained by running dry."""
        self._begins = False
        self.late_starts = 0
        """Answers that waited, though their first audio was there."""
        self.late_start_ms = 0.0
        """The time they waited, in all."""

    @property
    def delay_ms(self) -> float:
        """The delay of the next answer: 20 ms on a network that is never late, 300 at most."""
        return min(max(self._lateness.percentile_ms, MIN_MS), MAX_MS)

    def arrived(self, now_ms: float, audio_ms: float, *, begins: bool, silent: bool) -> None:
        """Take note of a delta.

        Args:
            now_ms: Time of its arrival.
            audio_ms: Length of its audio.
            begins: Whether it is the first of its item.
            silent: Whether everything before it has sounded: playback starts, or starts again, with it.
        """
        if begins:
            self._lateness.begin()
        lateness_ms = self._lateness.arrived(now_ms, audio_ms)
        if silent:
            self._since_ms, self._in_hand_ms, self._begins = now_ms, 0.0, begins
            self._delayed_ms = max(0.0, lateness_ms)
        self._in_hand_ms += audio_ms

    def covers(self, now_ms: float) -> bool:
        """Whether playback may start: deltas that are late by the delay would still come in time.

        An answer that arrives with 300 ms buffered starts at once; that is the longest playout delay.
        """
        waited_ms = now_ms - self._since_ms
        return self._in_hand_ms >= MAX_MS or waited_ms >= max(MIN_MS, self.delay_ms - self._delayed_ms)

    def started(self, now_ms: float) -> None:
        """Note that playback starts."""
        late_ms = now_ms - self._since_ms
        if self._begins and late_ms > 0.0:
            self.late_starts += 1
            self.late_start_ms += late_ms
