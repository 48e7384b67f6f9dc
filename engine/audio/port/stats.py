"""One snapshot of everything a port counts: the same for every backend."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from engine.audio.port.priority import Priority


@dataclass(frozen=True, slots=True)
class StreamStats:
    """Counts since the port was made; differences of two snapshots are exact."""

    input_calls: int
    input_frames: int
    """Frames the device delivered, those that found no room included."""
    input_overflow_frames: int
    """Frames that found no room in the capture ring."""
    input_xruns: int
    """Blocks the host flagged with an input over- or underflow."""
    input_peak_db: float
    input_rms_db: float
    output_calls: int
    output_frames: int
    """Frames the device took, silence included."""
    output_underrun_frames: int
    """Frames of silence in the middle of an answer."""
    output_underruns: int
    """Number of times an answer ran dry."""
    output_xruns: int
    output_peak_db: float
    """Level of the last block as the speaker was given it, the volume included."""
    captured_position: int
    """Frames put into the capture ring."""
    played_position: int
    """Frames of answers the device took or that were dropped by an interruption."""
    written_position: int
    """Frames of answers put into the playback ring."""
    input_priority: Priority
    """Scheduling of the thread that delivers the microphone."""
    output_priority: Priority

    def after(self, earlier: StreamStats) -> StreamStats:
        """The counts of a port together with those of the port it took the place of; levels are the latest."""
        counts = {
            field.name: getattr(earlier, field.name) + getattr(self, field.name)
            for field in fields(self)
            if isinstance(getattr(self, field.name), int)
        }
        return replace(self, **counts)
