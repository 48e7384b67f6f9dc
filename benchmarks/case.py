"""One case of a benchmark: its name, how long it should run, and the function that measures it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from benchmarks.report.results import Result
from engine.errors import VoiceError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """What `voice bench` runs, shows the progress of, and keeps if a later one is interrupted."""

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
        """How long the case runs."""
        return self.quick_s if quick else self.full_s


class Interrupted(KeyboardInterrupt):
    """Ctrl+C in a case that takes minutes: carries what it had measured by then."""

    def __init__(self, results: Sequence[Result]) -> None:
        super().__init__()
        self.results = list(results)


class Once(Generic[T]):
    """A step that several cases share: the first call carries it out, and each gets its result or its error.

    Example:
        >>> pair = Once(partial(find_pair, devices))
        >>> pair() is pair()
        True
    """

    def __init__(self, function: Callable[..., T]) -> None:
        self._function = function
        self._outcome: list[T] = []
        self._error: VoiceError | None = None

    def __call__(self, *arguments: Any) -> T:
        """Return what the first call returned.

        Raises:
            VoiceError: as the first call.
        """
        if self._error is not None:
            raise type(self._error)(self._error.message, fix=self._error.fix)
        if not self._outcome:
            try:
                self._outcome.append(self._function(*arguments))
            except VoiceError as error:
                self._error = error
                raise
        return self._outcome[0]
