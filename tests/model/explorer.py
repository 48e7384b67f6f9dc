"""Runs small concurrent programs through every interleaving, with stores that become visible late.

A program is a generator that yields what it does to shared memory and is sent what a load found. Each thread has
stores that the others do not see yet: a relaxed one becomes visible at any time, in any order but that of its own
location; a release store only after all the thread's earlier ones. That is weaker than any processor's ordering of
stores, so what holds here holds on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Program = Callable[[], Generator["Step", int, None]]


@dataclass(frozen=True, slots=True)
class Load:
    """Read a location."""

    place: str


@dataclass(frozen=True, slots=True)
class Store:
    """Write a location."""

    place: str
    value: int
    release: bool = False


@dataclass(frozen=True, slots=True)
class Await:
    """Go on only when one of the locations holds another value than the one that was seen."""

    seen: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Tell the judge something; touches no memory. What two threads tell is in no order to each other."""

    what: Hashable


Step = Load | Store | Await | Note


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one interleaving."""

    memory: dict[str, int]
    notes: tuple[Hashable, ...]


_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class _State:
    results: tuple[tuple[int, ...], ...]
    """What each thread's loads have found so far: with it, a program can be run again to where it is."""
    pending: tuple[tuple[Store, ...], ...]
    memory: tuple[tuple[str, int], ...]
    notes: tuple[Hashable, ...]


class Explorer:
    """Walks through all states that some programs can reach."""

    def __init__(self, programs: list[Program], memory: dict[str, int]) -> None:
        self._programs = programs
        self._start = _State(
            tuple(() for _ in programs), tuple(() for _ in programs), tuple(sorted(memory.items())), ()
        )
        self._steps: dict[tuple[int, tuple[int, ...]], Step | None] = {}
        self.states = 0

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the end of every interleaving, each different one once."""
        waiting, known = [self._start], {self._start}
        while waiting:
            state = waiting.pop()
            self.states += 1
            following = list(self._following(state))
            if not following:
                yield Outcome(dict(state.memory), state.notes)
            for after in following:
                if after not in known:
                    known.add(after)
                    waiting.append(after)

    def _following(self, state: _State) -> Iterator[_State]:
        for thread in range(len(self._programs)):
            yield from self._made_visible(state, thread)
            after = self._advanced(state, thread)
            if after is not None:
                yield after

    @staticmethod
    def _made_visible(state: _State, thread: int) -> Iterator[_State]:
        """Every store of a thread that may become visible now."""
        stores = state.pending[thread]
        for index, store in enumerate(stores):
            earlier = stores[:index]
            if store.release and earlier:
                continue
            if any(other.place == store.place for other in earlier):
                continue
            memory = tuple(sorted({**dict(state.memory), store.place: store.value}.items()))
            rest = (*earlier, *stores[index + 1 :])
            yield _State(state.results, _replaced(state.pending, thread, rest), memory, state.notes)

    def _advanced(self, state: _State, thread: int) -> _State | None:
        """The state after the thread's next step, or None where it has ended or waits."""
        results, pending, notes = state.results, state.pending, state.notes
        match self._next_step(thread, results[thread]):
            case Load(place):
                found = self._visible(state, thread, place)
            case Store() as store:
                pending = _replaced(pending, thread, (*pending[thread], store))
                found = 0
            case Await(seen):
                if all(self._visible(state, thread, place) == value for place, value in seen):
                    return None
                found = 0
            case Note(what):
                notes = (*notes, what)
                found = 0
            case None:
                return None
        results = _replaced(results, thread, (*results[thread], found))
        after = _State(results, pending, state.memory, notes)
        # No other thread sees these: when they are made changes nothing, and there are four times as few states.
        at_once = isinstance(self._next_step(thread, results[thread]), Store | Note)
        return self._advanced(after, thread) if at_once else after

    @staticmethod
    def _visible(state: _State, thread: int, place: str) -> int:
        own = [store.value for store in state.pending[thread] if store.place == place]
        return own[-1] if own else dict(state.memory)[place]

    def _next_step(self, thread: int, results: tuple[int, ...]) -> Step | None:
        key = (thread, results)
        if key not in self._steps:
            program = self._programs[thread]()
            try:
                step: Step | None = next(program)
                for result in results:
                    step = program.send(result)
            except StopIteration:
                step = None
            self._steps[key] = step
        return self._steps[key]


def _replaced(entries: tuple[_Entry, ...], index: int, entry: _Entry) -> tuple[_Entry, ...]:
    return (*entries[:index], entry, *entries[index + 1 :])
