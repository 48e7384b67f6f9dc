"""The block of words that describes a ring; 128 bytes lie between words of different writers.

| word | written by | |
|---|---|---|
| 0 | producer | head: samples put since the start |
| 1 | producer | tail, as the producer last saw it |
| 16 | consumer | tail: samples taken since the start |
| 17 | consumer | head, as the consumer last saw it |
| 32, 33 | nobody | address of the samples; capacity |
"""

from __future__ import annotations

LINE_WORDS = 16
"""128 bytes between words of different writers: two cache lines, because x86 prefetches them in pairs."""
HEAD, SEEN_TAIL = 0, 1
TAIL, SEEN_HEAD = LINE_WORDS, LINE_WORDS + 1
SAMPLES, CAPACITY = 2 * LINE_WORDS, 2 * LINE_WORDS + 1
RING_WORDS = 3 * LINE_WORDS
