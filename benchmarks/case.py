"""One case of a benchmark: its name, how long it should run, and the function that measures it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from benchmarks.report.results import Quantiles, Result, compared
from benchmarks.timing import interleaved
from engine.errors import VoiceError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """Unit that `voice bench` runs, shows the progress of, and keeps if a later one is interrupted."""

    name: str
    measure: Callable[[float], Result]
    """Takes the seconds it may use; raises VoiceError where this machine cannot run it."""
    quick_s: float = 0.1
    """Long enough to see that it works."""
    full_s: float = 1.0
    """Long enough for figures that repeat."""
    in_quick: bool = True
    """False leaves it out of a quick run: others of its kind show that it works."""

    def seconds(self, *, quick: bool) -> float:
        """Time the case takes."""
        return self.quick_s if quick else self.full_s


_UNITS_NS = {"ns": 1.0, "ms": 1e6}


def beside_rivals(
    benchmark: str,
    name: str,
    functions: Callable[[], Mapping[str, Callable[[], object] | None]],
    *,
    unit: str = "ns",
    calls: int | None = None,
    least_rounds: int = 5,
    pieces: int = 1,
    extra: Callable[[Mapping[str, Quantiles]], Mapping[str, Any]] = lambda _: {},
    **times: Any,
) -> Case:
    """Return the case that measures functions in turns; the one called "ours" is compared with the others.

    Args:
        benchmark: Name of the benchmark.
        name: Name of the case.
        functions: Makes them, by name; None stands for a rival that is not installed.
        unit: "ns" or "ms".
        calls: As for `interleaved`.
        least_rounds: As for `interleaved`.
        pieces: How many times each call does what is measured.
        extra: Returns what is measured besides.
        times: Fields of `Case`.
    """

    def measure(seconds: float) -> Result:
        made = functions()
        there = {who: function for who, function in made.items() if function is not None}
        scale = pieces * _UNITS_NS[unit]
        figures = {
            who: Quantiles(taken.p50 / scale, taken.p99 / scale)
            for who, taken in interleaved(there, seconds, calls=calls, least_rounds=least_rounds).items()
        }
        missing = [who for who in made if who not in there]
        return compared(benchmark, name, unit, figures, missing=missing, extra=extra(figures))

    return Case(name, measure, **times)


class Interrupted(KeyboardInterrupt):
    """Ctrl+C in a case that takes minutes: carries what it had measured by then."""

    def __init__(self, results: Sequence[Result]) -> None:
        super().__init__()
        self.results = list(results)


class Once(Generic[T]):
    """A step that several cases share: the first call carries it out, and each gets its result or its error.

    Example:
        >>> pair = Once(object)
        >>> pair() is pair()
        True
    """

    def __init__(self, function: Callable[..., T]) -> None:
        self._function = function
        self._outcome: Future[T] | None = None

    def __call__(self, *arguments: Any) -> T:
        """Return what the first call returned.

        Raises:
            VoiceError: as the first call.
        """
        if self._outcome is None:
            outcome: Future[T] = Future()
            try:
                outcome.set_result(self._function(*arguments))
            except VoiceError as error:
                outcome.set_exception(error)
            self._outcome = outcome
        return self._outcome.result()
