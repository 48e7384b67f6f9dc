"""Runs the cases of `voice bench`, shows which one is running, and keeps what there is on Ctrl+C."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from benchmarks.case import Case, Interrupted
from benchmarks.report.results import Result
from cli.bench.countdown import Countdown
from cli.errors import on_command_line
from cli.language.spoken import filled, translated
from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.live_area import LiveArea
from engine.errors import VoiceError


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
        out: Where the running case and the time are shown, in a line that is gone at the end, and what is left out.
    """
    measured = Measured()
    line = LiveArea(out)
    planned_s = sum(case.seconds(quick=quick) for case in cases)
    began_s = time.monotonic()
    try:
        for number, case in enumerate(cases, start=1):
            head = f"  {number} of {len(cases)}: {case.name}"
            try:
                with Countdown(line, partial(_status, head, began_s, planned_s)):
                    result = case.measure(case.seconds(quick=quick))
                measured.results.append(result)
            except VoiceError as error:
                measured.left_out.append(error)
                line.write(translated(f"  {case.name} left out: {on_command_line(str(error))}"))
            if INTERRUPTS.count:  # a library has swallowed the exception
                measured.is_interrupted = True
                break
    except KeyboardInterrupt as interrupt:
        measured.is_interrupted = True
        if isinstance(interrupt, Interrupted):
            measured.results += interrupt.results
    return measured


def _status(head: str, began_s: float, planned_s: float) -> str:
    """Line about the running case; the plan is told for as long as it can be true."""
    passed_s = time.monotonic() - began_s
    plan = filled(" of about {planned}", planned=translated(time_text(planned_s))) if passed_s < planned_s else ""
    return f"{translated(head)}, {translated(time_text(passed_s))}{plan}"


def time_text(seconds: float) -> str:
    """Write how long something takes.

    Example:
        >>> time_text(192.4)
        '3 min 12 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
