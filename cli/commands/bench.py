"""`voice bench`: measure on this machine, side by side with what others do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from benchmarks.results import Result

_QUICK = "dsp"
_TEXT_COLUMNS = (0, 3, 4)


def bench(
    name: Annotated[str | None, typer.Argument(help="A benchmark, or all; without it they are listed.")] = None,
    seconds: Annotated[float, typer.Option(help="Time for each case.", min=0.05)] = 1.0,
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """Measure the engine beside its rivals, in one run, on this machine."""
    from benchmarks.machine import describe_machine  # noqa: PLC0415
    from benchmarks.registry import BENCHMARKS  # noqa: PLC0415
    from benchmarks.results import report  # noqa: PLC0415
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.errors import InvalidInputError  # noqa: PLC0415

    if name is not None and name != "all" and name not in BENCHMARKS:
        raise InvalidInputError(f"There is no benchmark '{name}'.", fix=f"Choose one of {', '.join(BENCHMARKS)}, all.")
    prepare_kernels(lambda text: typer.echo(text, err=True))
    chosen = list(BENCHMARKS) if name == "all" else [name or _QUICK]
    results: list[Result] = []
    interrupted = False
    try:
        for each in chosen:
            typer.echo(f"{each}: {BENCHMARKS[each].summary} ...", err=True)
            for result in BENCHMARKS[each].measure(seconds):
                results.append(result)
                typer.echo(f"  {result.case}", err=True)
    except KeyboardInterrupt:
        interrupted = True
    if json_path is not None:
        _write(json_path, report(describe_machine(), results))
    _print_table(results)
    if interrupted:
        typer.echo("Interrupted: these are the cases that were finished.", err=True)
    elif not results:
        typer.echo("Nothing could be measured: there is no audio device. `voice doctor` says why.", err=True)
    if name is None:
        typer.echo("\nThis was the shortest of them. `voice bench NAME` runs one, `voice bench all` every one:")
        for benchmark in BENCHMARKS.values():
            typer.echo(f"  {benchmark.name:<10} {benchmark.summary}")


def _write(path: Path, document: dict[str, Any]) -> None:
    from engine.errors import InvalidInputError  # noqa: PLC0415

    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInputError(f"The figures cannot be written to {path}: {error.strerror}.") from error


def _print_table(results: list[Result]) -> None:
    """One line for each rival; what a case measured besides follows its lines."""
    lines = [("case", "ours p50", "p99", "unit", "rival", "p50", "p99", "ours is faster")]
    remarks: dict[int, str] = {}
    for result in results:
        ours = (result.case, _figure(result.ours.p50), _figure(result.ours.p99), result.unit)
        for name, peer in result.peers.items():
            lines.append((*ours, name, _figure(peer.p50), _figure(peer.p99), f"{result.ratio[name]:.2f} x"))
            ours = ("", "", "", "")
        if not result.peers:
            lines.append((*ours, "", "", "", ""))
        if result.extra:
            remarks[len(lines) - 1] = ", ".join(f"{key} {value}" for key, value in result.extra.items())
    if len(lines) == 1:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        cells = (
            cell.ljust(width) if column in _TEXT_COLUMNS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        typer.echo("  ".join(cells).rstrip())
        if number in remarks:
            typer.echo(f"    {remarks[number]}")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
