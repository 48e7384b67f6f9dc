"""Layout of a resampler's memory: a block of int64 words for each of its one or two stages; sizes of its loops."""

from __future__ import annotations

KIND = 0  # `BANK`, `DOUBLES` or `HALVES`
TAPS = 1  # length of a row of the table
WINDOW = 2  # samples that an output needs
BUFFER, TABLE, SCRATCH = 3, 4, 5  # addresses of float32
NEXT = 6  # address of the next stage's words; 0 for the last stage
PHASES = 7  # rows of a bank's table from one input up to the next; one more row, for the next input, ends it
SHIFT = 8  # places between inputs are counted in units of 1 / (PHASES << SHIFT) of an input; 0: all lie on rows
STEP = 9  # units from one output to the next; may change while an interpolated bank runs, as a clock drifts
HELD = 10  # samples in the buffer, at least WINDOW - 1
GIVEN = 11  # outputs of the next pair that have been given out already, 0 or 1
PLACE = 12  # units from the newest sample of the window to the next output
SOURCE, TARGET = 13, 14  # of the first stage: addresses of what Python hands in, and of room for what comes out
WORDS = 16

BANK, DOUBLES, HALVES = 0, 1, 4
"""Kinds of stages; for a sharp filter the number of inputs for two outputs."""
CHUNK = 960
"""Frames that go through all stages before the next are taken, so that they stay in the nearest cache. With 1024 the
rows of sums lay 4096 bytes apart, which the processor takes for the same place: 100 ms took 1.4 times as long."""
VECTOR = 16
"""The sharp filter computes so many pairs of outputs at once, the last of them for nothing."""
