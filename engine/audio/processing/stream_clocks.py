"""The offset and the drift between the clocks of a microphone and a speaker.

A count of frames, the time of the callback that moved the last of them, and the latency that the device told then say
where a stream is. A busy sound server moves its callbacks by 5 to 25 ms for good though nothing is lost, which only
latencies tell: in five minutes with 195 xruns the echo came to lie elsewhere 105 times by the callbacks alone, and 32
times with them. Where none are told, callbacks come late by milliseconds. A count may be read between a callback's
writes: a median over half a second bears both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from engine.audio.port.audio_port import AudioPort

_WINDOW = 25
"""Measurements in a median, one for each 20 ms: a stream that lost time is noticed in a quarter of a second."""
_NEWEST, _STEP_S, _TOLD_STEP_S = 5, 0.03, 0.008
"""A loss above the second, or the third with latencies, shows in the median of the newest measurements, in 60 ms."""
_LATE_S = 0.005
"""Time by which callbacks may come later than at first until the offset gives way: what they bring must be there."""
_FEWEST_MEDIANS, _MOST_MEDIANS = 20, 120
"""The drift is measured over so many medians: 10 to 60 s."""
_DRIFT_SEEN_S = 0.0005
"""A change above this, over two thirds of the medians, is drift: 75 ppm after 10 s, 12 ppm after a minute."""


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
        self._latency_s = self._counted_s = 0.0
        """Latency as it was told last, and the least so far, which is counted in: callbacks came latest then."""
        self._recent: deque[tuple[float, float]] = deque(maxlen=_WINDOW)
        """Frames played less frames heard at one instant, and the latency."""
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
        self._latency_s = port.latency_s or self._latency_s
        self._recent.append((ahead_s - (rendered_ns - captured_ns) / 1e9 - self._latency_s, self._latency_s))
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
        played_s, latency_s = _medians(self._recent)
        if self.offset_s is None or (self.is_sure and latency_s < self._counted_s - _LATE_S):
            self._counted_s = latency_s
        elif len(self._recent) < _NEWEST:
            return
        newest_s, _ = _medians(list(self._recent)[-_NEWEST:])
        if abs(newest_s - played_s) > (_TOLD_STEP_S if self._latency_s else _STEP_S):
            self.restart()
            played_s = newest_s
        self.offset_s = played_s + self._counted_s

    def _measure_drift(self) -> None:
        """Take the smaller of what the converters and the callbacks show: after a loss, either wanders by itself."""
        third = len(self._medians) // 3
        if len(self._medians) < _FEWEST_MEDIANS:
            return
        medians = list(self._medians)
        (began_s, early_s, early_latency_s), (ended_s, late_s, late_latency_s) = (
            _medians(some) for some in (medians[:third], medians[-third:])
        )
        changed_s = late_s - early_s
        agreed_s = _median([0.0, changed_s, changed_s + late_latency_s - early_latency_s])
        if self.drift_ppm or abs(agreed_s) >= _DRIFT_SEEN_S:
            self.drift_ppm = 1e6 * agreed_s / (ended_s - began_s)


def _medians(rows: Iterable[Sequence[float]]) -> list[float]:
    """Return the median of each column."""
    return [_median(column) for column in zip(*rows, strict=True)]


def _median(values: Iterable[float]) -> float:
    in_order = sorted(values)
    return in_order[len(in_order) // 2]
