"""The offset and the drift between the clocks of a microphone and a speaker.

A count of frames, and the time of the callback that moved the last of them, tell where a stream is. Callbacks come
late by milliseconds, and a count may be read between the callback's two writes: a median over half a second bears both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from engine.audio.port.audio_port import AudioPort

_WINDOW = 25
"""Measurements in a median, one for each 20 ms: a stream that lost time is noticed in a quarter of a second."""
_NEWEST, _STEP_S = 5, 0.03
"""A loss above this shows in the median of the newest measurements, in 60 ms. Busy machines lose 100 ms at a time."""
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
        self._recent: deque[float] = deque(maxlen=_WINDOW)
        self._medians: deque[tuple[float, float]] = deque(maxlen=_MOST_MEDIANS)

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
        self._recent.append(ahead_s - (rendered_ns - captured_ns) / 1e9)
        self._count += 1
        if self.offset_s is None or len(self._recent) >= _NEWEST:
            self.offset_s, newest_s = _median(self._recent), _median(list(self._recent)[-_NEWEST:])
            if abs(newest_s - self.offset_s) > _STEP_S:
                self.restart()
                self.offset_s = newest_s
        if not self.is_sure or self._count % _WINDOW:
            return False
        self._medians.append((captured_ns / 1e9, self.offset_s))
        self._measure_drift()
        return True

    def restart(self) -> None:
        """Drop the measurements from before a stream lost time; the offset stays until there are new ones."""
        self._recent.clear()
        self._medians.clear()
        self._count = 0

    def _measure_drift(self) -> None:
        third = len(self._medians) // 3
        if len(self._medians) < _FEWEST_MEDIANS:
            return
        medians = list(self._medians)
        (began_s, early_s), (ended_s, late_s) = (
            (_median(at_s for at_s, _ in some), _median(offset_s for _, offset_s in some))
            for some in (medians[:third], medians[-third:])
        )
        if self.drift_ppm or abs(late_s - early_s) >= _DRIFT_SEEN_S:
            self.drift_ppm = 1e6 * (late_s - early_s) / (ended_s - began_s)


def _median(values: Iterable[float]) -> float:
    in_order = sorted(values)
    return in_order[len(in_order) // 2]
