"""`voice bench`: measure on this machine, side by side with what others do."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from benchmarks.case import Case
    from benchmarks.results import Result

_ALL = "all"
_SHORTEST = "dsp"
_INTERRUPTED = 130
"""What shells return for a program that Ctrl+C ended."""


def bench(
    name: Annotated[str | None, typer.Argument(help="A benchmark, or all; without it they are listed.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only see that it works: a tenth of the time.")] = False,
) -> None:
    """Measure the engine beside its rivals, in one run, on this machine. Ctrl+C keeps what was measured."""
    from benchmarks.machine import describe_machine  # noqa: PLC0415
    from benchmarks.registry import BENCHMARKS  # noqa: PLC0415
    from benchmarks.results import report  # noqa: PLC0415
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from cli.signals import interruptions  # noqa: PLC0415
    from engine.errors import InvalidInputError  # noqa: PLC0415

    if name not in (None, _ALL, *BENCHMARKS):
        raise InvalidInputError(f"There is no benchmark '{name}'.", fix=f"Choose one of {', '.join(BENCHMARKS)}, all.")
    if json_path is not None:
        _require_writable(json_path)
    if name is None:
        _list_benchmarks()
    prepare_kernels(_note)
    results: list[Result] = []
    chosen = list(BENCHMARKS) if name == _ALL else [name or _SHORTEST]
    with interruptions() as interrupted, contextlib.suppress(KeyboardInterrupt):
        quick = quick or name is None
        cases = [case for each in chosen for case in BENCHMARKS[each].cases(quick=quick)]
        for result in _run(cases, quick=quick):
            if interrupted:
                break
            results.append(result)
    if json_path is not None:
        _write(json_path, report(describe_machine(), results))
    _print(results)
    if interrupted:
        _note(f"Interrupted: {len(results)} cases were finished.")
        raise typer.Exit(_INTERRUPTED)


def _list_benchmarks() -> None:
    from benchmarks.registry import BENCHMARKS  # noqa: PLC0415

    typer.echo("`voice bench NAME` runs one of these, `voice bench all` every one:")
    for benchmark in BENCHMARKS.values():
        typer.echo(f"  {benchmark.name:<10} {benchmark.summary}")
    typer.echo(f"\nA quick look at {_SHORTEST}:")


def _run(cases: list[Case], *, quick: bool) -> Iterator[Result]:
    """Yield what each case measured; say which one is on, and what is left."""
    from engine.errors import VoiceError  # noqa: PLC0415

    left_s = sum(case.seconds(quick=quick) for case in cases)
    for number, case in enumerate(cases, start=1):
        _note(f"  {number} of {len(cases)}, about {left_s:.0f} s left: {case.name}")
        left_s -= case.seconds(quick=quick)
        try:
            yield case.measure(case.seconds(quick=quick))
        except VoiceError as error:
            _note(f"    left out: {error}")


def _note(text: str) -> None:
    typer.echo(text, err=True)


def _require_writable(path: Path) -> None:
    """Fail before minutes of measuring rather than after them; leaves what the file holds."""
    from engine.errors import InvalidInputError  # noqa: PLC0415

    try:
        path.open("ab").close()
    except OSError as error:
        raise InvalidInputError(f"The figures cannot be written to {path}: {error.strerror}.") from error


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _print(results: list[Result]) -> None:
    from rich.console import Console  # noqa: PLC0415

    from cli.bench_table import tables  # noqa: PLC0415

    console = Console()
    for table in tables(results):
        console.print(table)
        console.print()
