"""Playback statistics: how evenly the answers came, as plain figures that know nothing of how they are counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaybackStats:
    """How evenly the answers came, and what was done about it."""

    late_starts: int = 0
    """Answers that waited for the playout delay though their first audio was there."""
    late_start_ms: int = 0
    """How long they waited, in all."""
    underruns: int = 0
    """How often an answer ran dry."""
    underrun_ms: int = 0
    """Silence in the middle of answers, in all."""
    playout_delay_ms: int = 0
    """What the next answer would wait for."""
