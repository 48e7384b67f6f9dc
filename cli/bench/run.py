"""Runs the cases of `voice bench`, says which is on and how long is left, and keeps what there is on Ctrl+C."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

from benchmarks.case import Case, Interrupted
from benchmarks.report.results import Result
from cli.errors import on_command_line
from cli.language.spoken import translated
from cli.terminal.countdown import Countdown
from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.live_area import LiveArea
from engine.errors import VoiceError


class Progress:
    """Tells the time that is left from what the cases should take and from what those before really took.

    Example:
        >>> round(Progress([16.0, 16.0]).left_s)
        32
    """

    def __init__(self, planned_s: Sequence[float], clock: Callable[[], float] = time.monotonic) -> None:
        self._planned_s = list(planned_s)
        self._clock = clock
        self._began_s = self._case_began_s = clock()
        self._done = 0

    @property
    def left_s(self) -> float:
        """The rest of the plan, as much slower or faster as the plan went until this case."""
        done_s, this_s = sum(self._planned_s[: self._done]), sum(self._planned_s[self._done : self._done + 1])
        pace = (self._case_began_s - self._began_s) / done_s if done_s else 1.0
        of_this_s = max(0.0, this_s * pace - (self._clock() - self._case_began_s))
        return of_this_s + sum(self._planned_s[self._done + 1 :]) * pace

    def finish_case(self) -> None:
        """The next case is on."""
        self._done += 1
        self._case_began_s = self._clock()


@dataclass(slots=True)
class Measured:
    """Results of the cases."""

    results: list[Result] = field(default_factory=list)
    left_out: list[VoiceError] = field(default_factory=list)
    """Why the others could not be measured."""
    is_interrupted: bool = False
    """Ctrl+C ended it."""


def run_cases(cases: Sequence[Case], *, quick: bool, out: IO[str]) -> Measured:
    """Measure every case, until Ctrl+C.

    Args:
        cases: In the order in which they run.
        quick: How long each may take.
        out: Where a line is written before each case, and where one cannot be measured; and the time that is left.
    """
    measured = Measured()
    line = LiveArea(out)
    progress = Progress([case.seconds(quick=quick) for case in cases])
    try:
        for number, case in enumerate(cases, start=1):
            line.write(translated(f"  {number} of {len(cases)}, about {time_text(progress.left_s)} left: {case.name}"))
            try:
                with Countdown(line, lambda: translated(f"    about {time_text(progress.left_s)} left")):
                    result = case.measure(case.seconds(quick=quick))
                measured.results.append(result)
            except VoiceError as error:
                measured.left_out.append(error)
                line.write(translated(f"    left out: {on_command_line(str(error))}"))
            progress.finish_case()
            if INTERRUPTS.count:  # a library has swallowed the exception
                measured.is_interrupted = True
                break
    except KeyboardInterrupt as interrupt:
        measured.is_interrupted = True
        if isinstance(interrupt, Interrupted):
            measured.results += interrupt.results
    return measured


def time_text(seconds: float) -> str:
    """Write how long something takes.

    Example:
        >>> time_text(192.4)
        '3 min 12 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
