"""The offset and the drift between the clocks of a microphone and a speaker.

A count of frames, the time of the callback that moved the last of them, and the latency that the device told then say
where a stream is. A busy sound server moves its callbacks by 5 to 25 ms for good though nothing is lost, and after a
loss PulseAudio's latencies wander by up to 70 ms for seconds while callbacks stand still. So latencies are believed of
how much was lost, and callbacks of whether anything was. In five minutes with 195 xruns the echo came to lie elsewhere
104 times by the callbacks alone, and 29 times by both. Where no latency is told, callbacks come late by milliseconds. A
count may be read between a callback's writes: medians bear both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.audio.port.audio_port import AudioPort

_WINDOW = 25
"""Measurements in a median, one for each 20 ms: a stream that lost time is noticed in a quarter of a second."""
_NEWEST, _STEP_S, _TOLD_STEP_S = 3, 0.03, 0.008
"""A loss above the second, or the third with latencies, shows in the median of the newest measurements: in 40 ms, by
when what was captured before it has been read, as the loop may have stood as well."""
_STIRRED_S = 0.002
"""Change of the callbacks from which something may have been lost; where an xrun was told, it may in any case."""
_LATE_S = 0.005
"""Time by which callbacks may come later than at first until the offset gives way: what they bring must be there."""
_FEWEST_MEDIANS, _MOST_MEDIANS = 20, 120
"""The drift is measured over so many medians: 10 to 60 s."""
_DRIFT_SEEN_S = 0.0005
"""A change above this, over two thirds of the medians, is drift: 75 ppm after 10 s, 12 ppm after a minute."""


@dataclass(frozen=True, slots=True)
class _Calm:
    """The latest moment at which nothing had been lost for half a second."""

    medians: Sequence[float]
    """Those of the offset by the callbacks alone, and with the latencies."""
    offset_s: float
    at_ns: int
    xruns: int


class StreamClocks:
    """Compares the two streams of a port, whenever both have had a callback."""

    def __init__(self, port: AudioPort) -> None:
        """Take no measurement yet.

        Args:
            port: Both directions are attached.
        """
        self.offset_s: float | None = None
        """Frames rendered less frames captured at one instant, in seconds; None before the first."""
        self.drift_ppm = 0.0
        """Parts in a million by which the speaker's clock runs faster; 0 until a drift shows."""
        self._port = port
        self._captured_ns = self._rendered_ns = self._count = 0
        self._latency_s = 0.0
        self._recent: deque[Sequence[float]] = deque(maxlen=_WINDOW)
        """Offsets by the callbacks alone, and with the latencies."""
        self._calm = _Calm([0.0, 0.0], 0.0, 0, 0)
        self._before_s, self._before_xruns = 0.0, 0
        """Median of the callbacks, and xruns, half a second ago."""
        self._medians: deque[list[float]] = deque(maxlen=_MOST_MEDIANS)

    @property
    def is_sure(self) -> bool:
        """Whether the offset is a median of half a second."""
        return len(self._recent) == _WINDOW

    def measure(self) -> bool:
        """Measure once, unless a stream has stood still since the last time.

        Where callbacks have no time (it is 0), the first measurement stays the only one.

        Returns:
            Whether half a second is over, and the offset is a median of it.
        """
        port = self._port
        captured_ns, rendered_ns, rendered = port.last_capture_ns, port.last_render_ns, port.rendered_frames
        stands = captured_ns == self._captured_ns or rendered_ns == self._rendered_ns
        if rendered == 0 or (stands and self.offset_s is not None):
            return False
        self._captured_ns, self._rendered_ns = captured_ns, rendered_ns
        captured = port.capture.head if port.capture else 0
        ahead_s = rendered / port.output_rate_hz - captured / port.input_rate_hz
        ahead_s -= (rendered_ns - captured_ns) / 1e9
        self._latency_s = port.latency_s or self._latency_s
        self._recent.append((ahead_s, ahead_s - self._latency_s))
        self._count += 1
        self._update_offset()
        if not self.is_sure or self._count % _WINDOW:
            return False
        self._medians.append([captured_ns / 1e9, *_medians(self._recent)])
        self._measure_drift()
        return True

    def restart(self) -> None:
        """Drop the measurements from before a stream lost time; the offset stays until there are new ones."""
        self._recent.clear()
        self._medians.clear()
        self._count = 0

    def _update_offset(self) -> None:
        now, newest = _medians(self._recent), _medians(list(self._recent)[-_NEWEST:])
        if self.offset_s is None:
            self._calm = self._calm_at(now, now[0])
        if abs(self._offset_s(newest) - self._offset_s(now)) > (_TOLD_STEP_S if self._latency_s else _STEP_S):
            self.restart()
            now = newest
        self.offset_s = self._offset_s(now)
        if self.is_sure and self.offset_s > now[0] + _LATE_S:
            self.offset_s = now[0]
            self._calm = self._calm_at(now, now[0])
        if self._count % _WINDOW == 0:
            if abs(now[0] - self._before_s) < _STIRRED_S and self._port.xruns == self._before_xruns:
                self._calm = self._calm_at(now, self.offset_s)
            self._before_s, self._before_xruns = now[0], self._port.xruns

    def _calm_at(self, medians: Sequence[float], offset_s: float) -> _Calm:
        return _Calm(medians, offset_s, self._captured_ns, self._port.xruns)

    def _offset_s(self, medians: Sequence[float]) -> float:
        calm = self._calm
        by_callbacks, with_latencies = (new - old for new, old in zip(medians, calm.medians, strict=True))
        if self._latency_s and abs(by_callbacks) < _STIRRED_S and self._port.xruns == calm.xruns:
            return calm.offset_s + self.drift_ppm * (self._captured_ns - calm.at_ns) / 1e15
        return calm.offset_s + with_latencies

    def _measure_drift(self) -> None:
        """Take the smaller of what callbacks show and what they show with latencies: either may wander by itself."""
        third = len(self._medians) // 3
        if len(self._medians) < _FEWEST_MEDIANS:
            return
        medians = list(self._medians)
        (began_s, *early), (ended_s, *late) = (_medians(some) for some in (medians[:third], medians[-third:]))
        change_s = _median([0.0, *(new - old for new, old in zip(late, early, strict=True))])
        if self.drift_ppm or abs(change_s) >= _DRIFT_SEEN_S:
            self.drift_ppm = 1e6 * change_s / (ended_s - began_s)


def _medians(rows: Iterable[Sequence[float]]) -> list[float]:
    """Return the median of each column."""
    return [_median(column) for column in zip(*rows, strict=True)]


def _median(values: Iterable[float]) -> float:
    in_order = sorted(values)
    return in_order[len(in_order) // 2]
