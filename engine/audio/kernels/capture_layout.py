"""Layout of the words by which one microphone's blocks are cut: addresses, lengths, and what the newest block told."""

from __future__ import annotations

CONTROL, RING, RESAMPLER, FRAMES, SAMPLES, PCM16 = range(6)  # addresses; RESAMPLER 0: the rates are equal
READY, BLOCK = 6, 7  # samples that are ready, and samples of a block, both at the wire's rate
WIRE_FRAMES, GAIN = 8, 9  # float64: frames of the device for one sample of the wire; linear factor
NEWEST_NS = 10  # when the input's callback ran last, before the block was cut
WAITING_FRAMES = 11  # float64: frames of the device behind the block's last one that had come by then
WORDS = 12
MOST_FRAMES = 4800
"""Frames that are taken out of the ring at a time."""
