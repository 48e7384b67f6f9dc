"""Layout of the words of a resampler's stage, int64, and the sizes that its loops work with."""

from __future__ import annotations

KIND, TAPS, WINDOW, BUFFER, TABLE, SCRATCH, NEXT, PHASES, SHIFT, STEP, HELD, GIVEN, PLACE = range(13)
"""
KIND: `BANK`, `DOUBLES` or `HALVES`.
TAPS: Length of a row of the table.
WINDOW: Samples that an output needs.
BUFFER, TABLE, SCRATCH: Addresses of float32.
NEXT: Address of the next stage's words; 0 for the last one.
PHASES, SHIFT, STEP: As in `Bank`. STEP may be changed while the resampler runs, to follow a clock that drifts.
HELD: Samples in the buffer: at least WINDOW - 1.
GIVEN: Outputs of the next pair that have been given out already, 0 or 1.
PLACE: Of the next output, from the newest sample of the window, in the unit of STEP.
"""
BANK, DOUBLES, HALVES = 0, 1, 4
"""Kinds of stages; of a sharp filter, inputs for each two outputs."""
CHUNK = 960
"""Frames that go through all stages before the next are taken, so that they stay in the nearest cache. With 1024 the
rows of sums lay 4096 bytes apart, which the processor takes for the same place: 100 ms took 1.4 times as long."""
VECTOR = 16
"""The sharp filter computes so many pairs of outputs at once, the last of them for nothing."""
