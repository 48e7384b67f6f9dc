"""The offset and the drift between the clocks of a microphone and a speaker.

The position of a stream follows from its count of frames, the time of the callback that moved the last of them, and
the latency that the device told then. Neither is right alone: a busy sound server moves its callbacks by 5 to 25 ms for
good though nothing is lost, and after a loss PulseAudio's latencies wander by up to 70 ms for seconds while the
callbacks stand still. So callbacks and xruns say whether anything was lost, and latencies how much. In five minutes
with 195 xruns the pairing moved 104 times by the callbacks alone, and 29 times by both. Where no latency is told,
callbacks come late by milliseconds, and a count may be read between a callback's writes: medians bear both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.audio.port.audio_port import AudioPort

_WINDOW = 25
"""Measurements in a median, one for each 20 ms: a stream that lost time is noticed in a quarter of a second."""
_NEWEST, _STEP_S, _TOLD_STEP_S = 3, 0.03, 0.008
"""Number of the newest measurements, and the change of their median that is a loss: without latencies, and with them.
It is noticed after 40 ms. The sound from before it has been read by then, even if the loop had stood still."""
_STIRRED_S = 0.002
"""Change of the callbacks' median from which something may be lost; after an xrun it may in any case."""
_LATE_S = 0.005
"""Lateness of the callbacks, beyond that of the first ones, from which the offset follows them: the reference comes as
late as they do."""
_FEWEST_MEDIANS, _MOST_MEDIANS = 20, 120
"""The drift is measured over so many medians: 10 to 60 s."""
_DRIFT_SEEN_S = 0.0005
"""A change above this, over two thirds of the medians, is drift: 75 ppm after 10 s, 12 ppm after a minute."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """The state of the streams at a moment."""

    medians: Sequence[float]
    """Median of the offset by the callbacks alone, and with the latencies."""
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
        self._calm = self._before = _Moment([0.0, 0.0], 0.0, 0, 0)
        """The latest moment at which nothing had been lost for half a second, and that of half a second ago."""
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
            self._calm = self._moment(now, now[0])
        self.offset_s, newest_s = self._offset_by(now), self._offset_by(newest)
        if abs(newest_s - self.offset_s) > (_TOLD_STEP_S if self._latency_s else _STEP_S):
            self.restart()
            now, self.offset_s = newest, newest_s
        if self.is_sure and self.offset_s > now[0] + _LATE_S:
            self.offset_s = now[0]
            self._calm = self._moment(now, now[0])
        if self._count % _WINDOW == 0:
            before, self._before = self._before, self._moment(now, self.offset_s)
            if abs(now[0] - before.medians[0]) < _STIRRED_S and self._before.xruns == before.xruns:
                self._calm = self._before

    def _moment(self, medians: Sequence[float], offset_s: float) -> _Moment:
        return _Moment(medians, offset_s, self._captured_ns, self._port.xruns)

    def _offset_by(self, medians: Sequence[float]) -> float:
        calm = self._calm
        by_callbacks, with_latencies = medians[0] - calm.medians[0], medians[1] - calm.medians[1]
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
        change_s = sorted([0.0, *(new - old for new, old in zip(late, early, strict=True))])[1]
        if self.drift_ppm or abs(change_s) >= _DRIFT_SEEN_S:
            self.drift_ppm = 1e6 * change_s / (ended_s - began_s)


def _medians(rows: Iterable[Sequence[float]]) -> list[float]:
    """Return the median of each column."""
    return [sorted(column)[len(column) // 2] for column in zip(*rows, strict=True)]
