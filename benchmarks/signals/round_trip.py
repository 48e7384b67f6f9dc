"""From what was played and recorded to figures: the round trip to a fraction of a frame, drift, and lost frames.

Microphone and speaker are two streams that start one after the other, so counting frames alone says nothing about
time. Both log when they moved which frames. A block of each that came at about the same moment tells how many frames
lie between the two counts; what delays both alike, such as a sound server that wakes late, cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.signals.block_log import BlockLog
from benchmarks.signals.probe import Found, Signal, chirp, correlate, find

_NEAR_S = 0.04
"""Distance from its due place within which a chirp is looked for: a jump of some blocks, and still no other chirp."""
_HEARD = 0.2
"""Likeness of a chirp that was heard; through the air of a room 0.3 to 0.7."""
_JUMP_FRAMES = 2.0
"""A change between two chirps that is no drift: that makes at most some hundredths, a server's resampler one."""
_TOGETHER_S = 0.0005
_BURST = 0.25
"""Blocks closer together than this share of a block came at once: their first tells when, and from where."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Chirps that were heard; positions in frames of the microphone."""

    played_at: NDArray[np.float64]
    """Position in the playback ring at which each began, at the microphone's rate."""
    arrived_at: NDArray[np.float64]
    """Position in the capture ring at which each began."""
    amplitude_ratio: float

    @property
    def offsets(self) -> NDArray[np.float64]:
        """From the place in one ring to the place in the other: constant where nothing drifts or is lost."""
        return self.arrived_at - self.played_at


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Changes of the distance between the two rings in the course of a run."""

    drift_ppm: float
    """By how much more frames the microphone gives than the speaker takes."""
    dropped_frames: float
    """Frames that vanished on the way."""
    added_frames: float
    """Frames that nobody had played."""


def find_chirps(recording: Signal, played_at: NDArray[np.float64], rate_hz: int) -> Arrivals:
    """Find the chirps of a train in a recording.

    Args:
        recording: float32, from the first frame of the capture ring.
        played_at: Where in the playback ring each begins, in frames of the recording's rate.
        rate_hz: Of the recording.

    Returns:
        Those that were heard; of none where the recording is something else.
    """
    probe = chirp(rate_hz)
    coarse = _place_of_train(probe, recording, played_at)
    margin = round(_NEAR_S * rate_hz)
    found: list[tuple[float, Found]] = []
    for start in played_at:
        at = max(0, round(start + coarse) - margin)
        piece = recording[at : at + probe.size + 2 * margin]
        if piece.size > probe.size:
            place = find(probe, piece)
            if place.likeness >= _HEARD:
                found.append((float(start), Found(at + place.position, place.amplitude_ratio, place.likeness)))
    return Arrivals(
        np.array([start for start, _ in found]),
        np.array([place.position for _, place in found]),
        float(np.median([place.amplitude_ratio for _, place in found])) if found else 0.0,
    )


def _place_of_train(probe: Signal, recording: Signal, played_at: NDArray[np.float64]) -> int:
    """By how much the whole train is shifted: the sum of the correlations at all its chirps is highest there.

    The microphone starts first and counts more frames; where it starts last, the shift is negative.
    """
    matches = np.abs(correlate(probe, recording))
    starts = np.round(played_at).astype(np.int64)
    shifts = range(-int(starts[0]), matches.size - int(starts[0]))
    padded = np.pad(matches, (0, int(starts[-1] - starts[0])))
    sums = np.zeros(len(shifts))
    for start in starts - starts[0]:
        sums += padded[start : start + len(shifts)]
    return shifts[int(np.argmax(sums))]


def between_rings(played: BlockLog, recorded: BlockLog, rates_hz: tuple[int, int]) -> float:
    """Return how far the playback ring's count was ahead of the capture ring's at any one moment.

    Added to the offset of a sound between the rings this is its round trip: from the callback that took a frame to
    the callback that brought it back. Each block of the microphone is compared with the block of the speaker that was
    nearest in time.

    Where a sound server or a driver moves both directions in one step, their blocks differ by whole counts, and by
    the time that two threads take to wake: up to 0.3 ms on a busy machine, which is no way of a sound. So where clock
    and count agree to half a millisecond, the count is taken, else the clock.

    Args:
        played: Blocks of the speaker, positions in the playback ring.
        recorded: Blocks of the microphone, positions in the capture ring.
        rates_hz: Of speaker and microphone.

    Returns:
        Frames at the microphone's rate.

    Raises:
        ValueError: one of the logs is empty.
    """
    out_hz, in_hz = rates_hz
    out, back = _without_bursts(played), _without_bursts(recorded)
    if not out.times_ns.size or not back.times_ns.size:
        raise ValueError("no blocks were logged")
    within = (back.times_ns >= out.times_ns[0]) & (back.times_ns <= out.times_ns[-1])
    back = BlockLog(back.times_ns[within], back.positions[within]) if within.any() else back
    nearest = _nearest(out.times_ns, back.times_ns)
    later = (back.times_ns - out.times_ns[nearest]) / 1e9 * in_hz
    ahead = out.positions[nearest] * (in_hz / out_hz) - back.positions
    by_clock = float(np.median(ahead + later))
    values, counts = np.unique(ahead[np.abs(later) < _TOGETHER_S * in_hz], return_counts=True)
    by_count = float(values[np.argmax(counts)]) if values.size else by_clock
    together = abs(by_count - by_clock) < _TOGETHER_S * in_hz
    return by_count if together else by_clock


def _nearest(times_ns: NDArray[np.int64], to_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of `to_ns`, the index of the nearest of `times_ns`, which rise."""
    after = np.searchsorted(times_ns, to_ns).clip(0, times_ns.size - 1)
    before = (after - 1).clip(0)
    return np.where(np.abs(times_ns[before] - to_ns) <= np.abs(times_ns[after] - to_ns), before, after)


def _without_bursts(log: BlockLog) -> BlockLog:
    """The first block of each burst."""
    if log.times_ns.size < 3:
        return log
    gaps_ns = np.diff(log.times_ns)
    usual_ns = (log.times_ns[-1] - log.times_ns[0]) / gaps_ns.size
    first = np.concatenate([[True], gaps_ns > _BURST * usual_ns])
    return BlockLog(log.times_ns[first], log.positions[first])


def steadiness(arrivals: Arrivals) -> Steadiness:
    """Split what happened to the offsets into drift, which is even, and jumps, which are frames lost or added.

    The slope is the median of those between neighbours (Theil 1950): a jump does not bend it.
    """
    steps = np.diff(arrivals.offsets)
    if not steps.size:
        return Steadiness(0.0, 0.0, 0.0)
    lengths = np.diff(arrivals.played_at)
    usual = float(np.median(steps / lengths))
    jumps = steps - usual * lengths
    is_jump = np.abs(jumps) >= _JUMP_FRAMES
    kept = np.concatenate([[0.0], np.cumsum(np.where(is_jump, jumps, 0.0))])
    slope = float(np.polyfit(arrivals.played_at, arrivals.offsets - kept, 1)[0])
    return Steadiness(
        drift_ppm=1e6 * slope,
        dropped_frames=float(-jumps[is_jump & (jumps < 0)].sum()),
        added_frames=float(jumps[is_jump & (jumps > 0)].sum()),
    )
