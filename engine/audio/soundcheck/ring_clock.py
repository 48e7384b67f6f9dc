"""Lead of the playback ring's count over the capture ring's: it makes a round trip of a place in a recording."""

from __future__ import annotations

import statistics

from engine.audio.port.audio_port import AudioPort


class RingClock:
    """Compares when the last block of each direction was moved, and what had gone before it.

    Microphone and speaker are two streams that start one after the other: their counts alone say nothing about time.
    """

    def __init__(self, port: AudioPort) -> None:
        self._port = port
        self._samples: list[float] = []

    def sample(self) -> None:
        """Take a sample; it counts only in the middle of what plays, since the ring's count stands still elsewhere."""
        stats, moved_ns = self._port.stats(), (self._port.last_capture_ns, self._port.last_render_ns)
        if all(moved_ns) and 0 < stats.played_position < stats.written_position:
            played = stats.played_position - stats.output_frames / stats.output_calls
            captured = stats.captured_position - stats.input_frames / stats.input_calls
            later_s = (moved_ns[0] - moved_ns[1]) / 1e9
            self._samples.append(played / self._port.output_rate_hz - captured / self._port.input_rate_hz + later_s)

    @property
    def ahead_s(self) -> float | None:
        """The median of all samples, as a block that was moved in the middle of one spoils it; None without any."""
        return statistics.median(self._samples) if self._samples else None
