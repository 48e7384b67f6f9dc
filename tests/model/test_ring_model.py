"""The ring and the flush in plain Python, through all interleavings; a broken variant of either is found out.

The steps are those of `engine.audio.kernels.ring` and `process`, in their order: samples are stored before the
head is released; the tail is released after they were read; a cut fades, jumps, and then says so.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import pytest

from tests.model.explorer import Await, Explorer, Load, Note, Outcome, Store

CAPACITY = 2
FADE_FRAMES = 1


@dataclass(frozen=True)
class Variant:
    """The protocol, or one with a mistake in it."""

    name: str
    head_is_released: bool = True
    head_before_samples: bool = False
    tail_before_reading: bool = False
    jumps_to_the_head: bool = False
    jumps_back: bool = False
    drop_is_forgotten: bool = False
    says_it_first: bool = False


RIGHT = Variant("as built")
WRONG = [
    Variant("the head is stored relaxed", head_is_released=False),
    Variant("the head is stored before the samples", head_before_samples=True),
    Variant("the tail is released before the samples are read", tail_before_reading=True),
    Variant("the jump takes what was written after the request", jumps_to_the_head=True),
    Variant("the jump goes back to what was played", jumps_back=True),
    Variant("the jump is left out", drop_is_forgotten=True),
    Variant("the jump is told before it is made", says_it_first=True),
]


def slot(position: int) -> str:
    """The memory of a position."""
    return f"slot{position % CAPACITY}"


def producer(variant: Variant, total: int) -> Generator[Load | Store | Await | Note, int, None]:
    """Puts frames one by one; frame p carries the number p + 1."""
    seen_tail = 0
    for head in range(total):
        while head - seen_tail >= CAPACITY:
            yield Await((("tail", seen_tail),))
            tail = yield Load("tail")
            if tail < seen_tail:
                yield Note(("fell", "tail"))
            seen_tail = tail
        sample, new_head = Store(slot(head), head + 1), Store("head", head + 1, release=variant.head_is_released)
        yield new_head if variant.head_before_samples else sample
        yield sample if variant.head_before_samples else new_head


def flusher(flushes: int) -> Generator[Load | Store | Await | Note, int, None]:
    """Asks, whenever it likes, that all written so far be dropped; once it is told so, looks whether it was."""
    head = dropped = 0
    for _ in range(flushes):
        before, head = head, (yield Load("head"))
        if head < before:
            yield Note(("fell", "head"))
        yield Note(("asked", head))
        yield Store("drop_before", head, release=True)
    while dropped < head:
        yield Await((("dropped", dropped),))
        dropped = yield Load("dropped")
    tail = yield Load("tail")
    if tail < dropped:
        yield Note(("told too early", dropped))


def consumer(variant: Variant, block: int) -> Generator[Load | Store | Await | Note, int, None]:
    """The kernel: looks for a cut, fades, jumps, plays; for ever."""
    tail = dropped = 0
    sounding = False
    while True:
        asked = yield Load("drop_before")
        head = yield Load("head")
        wanted = min(block, head - tail)
        if asked > dropped:
            faded = max(0, min(FADE_FRAMES, asked - tail))
            wanted = min(wanted, faded) if sounding else 0
        after = tail + wanted
        if variant.tail_before_reading:
            yield Store("tail", after, release=True)
        for position in range(tail, after):
            value = yield Load(slot(position))
            yield Note(("played", position, value))
        tail = after
        sounding = wanted == block
        if asked > dropped:
            if not variant.drop_is_forgotten:
                jump = head if variant.jumps_to_the_head else asked
                tail = jump if variant.jumps_back else max(jump, tail)
            dropped = asked
            yield Note(("cut", asked))
        moved, told = Store("tail", tail, release=True), Store("dropped", dropped, release=True)
        yield told if variant.says_it_first else moved
        yield moved if variant.says_it_first else told
        if tail == head:
            yield Await((("head", head), ("drop_before", asked)))


def explore(variant: Variant, *, total: int, flushes: int, block: int) -> Explorer:
    """All interleavings of the three."""
    memory = {"head": 0, "tail": 0, "drop_before": 0, "dropped": 0, **{slot(p): 0 for p in range(CAPACITY)}}
    programs = [lambda: producer(variant, total), lambda: consumer(variant, block), lambda: flusher(flushes)]
    return Explorer(programs, memory)


def faults(outcome: Outcome, total: int) -> list[str]:
    """What went wrong in one interleaving."""
    found: list[str] = []
    played: list[int] = []
    cut = 0
    for note in outcome.notes:
        match note:
            case ("fell" | "told too early", place):
                found.append(f"{note[0]}: {place}")
            case ("cut", int(asked)):
                cut = asked
            case ("played", int(position), int(value)):
                if value != position + 1:
                    found.append(f"position {position} held {value}")
                if played and position <= played[-1]:
                    found.append(f"{position} was played after {played[-1]}")
                if position < cut:
                    found.append(f"{position} was played after everything before {cut} had been dropped")
                played.append(position)
    missing = set(range(total)) - set(played)
    found += [f"{position} was lost" for position in sorted(missing) if position >= cut]
    if outcome.memory["tail"] != total or outcome.memory["head"] != total:
        found.append("it stood still")
    if outcome.memory["dropped"] != outcome.memory["drop_before"]:
        found.append("a request was never carried out")
    return found


@pytest.mark.parametrize(
    ("total", "flushes", "block"), [(3, 0, 1), (4, 0, 2), (3, 1, 1), (4, 1, 2), (2, 2, 2), (3, 1, 2)]
)
def test_nothing_is_lost_doubled_or_played_after_it_was_dropped(total: int, flushes: int, block: int) -> None:
    explorer = explore(RIGHT, total=total, flushes=flushes, block=block)
    ends = 0
    for outcome in explorer.outcomes():
        ends += 1
        assert not faults(outcome, total), outcome.notes
    assert ends >= 1
    assert explorer.states > 100


@pytest.mark.parametrize("variant", WRONG, ids=lambda variant: variant.name)
def test_a_mistake_is_found(variant: Variant) -> None:
    explorer = explore(variant, total=4, flushes=1, block=2)
    assert any(faults(outcome, 4) for outcome in explorer.outcomes())
