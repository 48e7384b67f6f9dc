"""`voice bench`: measure on this machine, side by side with what others do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from cli.commands.bench_history import history_command
from cli.language.spoken import echo, translated
from cli.terminal.interrupts import EXIT_CODE

if TYPE_CHECKING:
    from benchmarks.registry import Benchmark
    from benchmarks.report.comparison import Comparison
    from benchmarks.report.document import Document
    from engine.audio.types import StreamRequest

app = typer.Typer(add_completion=False)

_ALL = "all"
_HISTORY = "history"
_SHORTEST = "dsp"


class BenchCommand(TyperCommand):
    """`voice bench`, whose first name may be `history`: a command of its own with other options."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the arguments, as the command that they are for."""
        if args[:1] == [_HISTORY]:
            return history_command().make_context(f"{info_name} {_HISTORY}", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)


@app.command(cls=BenchCommand)
def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Benchmarks to run, or all; without a name they are listed. `history` lists the saved runs.",
        ),
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures to this file as JSON.")
    ] = None,
    html_path: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write a page with charts and a verdict to this file."),
    ] = None,
    older: Annotated[
        str | None,
        typer.Option("--compare", metavar="FILE|last|ID", help="Show what got better or worse since an older run."),
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Save the figures for `voice bench history`.")] = False,
    input: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(
            "--input",
            metavar="DEVICE",
            help="Microphone for startup, latency, session, echo and callback: index, name, or words of its name.",
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option(metavar="DEVICE", help="Speaker for the same: index, name, or words of its name.")
    ] = None,
    room: Annotated[
        list[int] | None,
        typer.Option(
            metavar="MS",
            min=50,
            max=1000,
            help="Reverberation time of the room in echo; default: 150 to 600; repeatable.",
        ),
    ] = None,
    busy: Annotated[
        bool, typer.Option("--busy", help="Measure session a second time while a tool keeps its interpreter busy.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only check that it works: a tenth of the time, rough figures.")
    ] = False,
) -> None:
    """Measure the engine on this machine, and compare it with alternatives.

    `latency` looks for a speaker that a microphone hears, unless both are given here or configured.
    After Ctrl+C what was measured so far is printed.
    """
    from benchmarks.report.comparison import compare  # noqa: PLC0415
    from benchmarks.report.document import Document  # noqa: PLC0415
    from benchmarks.report.history import find_run, history_folder  # noqa: PLC0415
    from benchmarks.report.machine import describe_machine  # noqa: PLC0415
    from cli.bench.files import Destinations  # noqa: PLC0415
    from cli.bench.run import run_cases  # noqa: PLC0415
    from cli.kernels import prepare_kernels  # noqa: PLC0415

    quick = quick or not names
    benchmarks = _chosen(names or [_SHORTEST])
    devices = _devices(input, output) if any(benchmark.opens_devices for benchmark in benchmarks) else None
    wishes: dict[str, Any] = {"quick": quick, "rooms_ms": room or (), "busy": busy}
    cases = [case for benchmark in benchmarks for case in benchmark.cases(devices, **wishes)]
    destinations = Destinations(json_path, html_path, save)
    destinations.check()
    wanted = [benchmark.name for benchmark in benchmarks]
    before = older and find_run(older, history_folder(), wanted, lambda error: _note(f"Skipped: {error.message}"))
    if not names:
        _list_benchmarks()
    prepare_kernels()
    machine = describe_machine()
    measured = run_cases(cases, quick=quick, out=sys.stderr)
    if measured.results:
        run = Document(machine, tuple(measured.results), quick)
        comparison = compare(*before, run) if before else None
        _print(run, comparison)
        note = "The run was interrupted: these figures were measured before that." if measured.is_interrupted else ""
        destinations.write(run, comparison, _note, note=note)
    elif destinations:
        _note("Nothing was measured, so nothing was saved or written.")
    if measured.is_interrupted:
        count = len(measured.results)
        _note(f"Interrupted: {count} {'case was' if count == 1 else 'cases were'} finished.")
        raise typer.Exit(EXIT_CODE)
    if measured.left_out and not measured.results:
        raise measured.left_out[0]


def _chosen(names: list[str]) -> list[Benchmark]:
    """Return the named benchmarks, each once.

    Raises:
        InvalidInputError: there is no such benchmark.
    """
    from benchmarks.registry import BENCHMARKS  # noqa: PLC0415
    from engine.errors import InvalidInputError, choices  # noqa: PLC0415

    if _HISTORY in names:
        raise InvalidInputError(f"`{_HISTORY}` stands alone: it runs no benchmark.", fix="Run `voice bench history`.")
    for name in names:
        if name not in (_ALL, *BENCHMARKS):
            known = (*BENCHMARKS, _ALL, _HISTORY)
            raise InvalidInputError(f"There is no benchmark '{name}'.", fix=choices(name, known))
    return [BENCHMARKS[name] for name in (BENCHMARKS if _ALL in names else dict.fromkeys(names))]


def _devices(microphone: str | None, speaker: str | None) -> StreamRequest:
    from cli.devices.selection import request_for  # noqa: PLC0415
    from engine.config import load_config  # noqa: PLC0415

    return request_for(load_config(only_devices=True).audio, microphone, speaker)


def _list_benchmarks() -> None:
    from benchmarks.registry import BENCHMARKS  # noqa: PLC0415

    echo("`voice bench NAME...` runs one or several of these, `voice bench all` every one:")
    for benchmark in BENCHMARKS.values():
        typer.echo(f"  {benchmark.name:<10} {translated(benchmark.summary)}")
    echo(f"\nA quick look at {_SHORTEST}:")


def _note(text: str) -> None:
    echo(text, err=True)


def _print(run: Document, comparison: Comparison | None) -> None:
    """Print the tables, then what they mean."""
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from benchmarks.report.verdict import ABOUT_SOUND, recommendation, sentences  # noqa: PLC0415
    from cli.bench.table import tables  # noqa: PLC0415
    from cli.bench.words import QUICK  # noqa: PLC0415
    from cli.terminal.sanitize import printable  # noqa: PLC0415

    console = Console()
    for table in tables(run.results, console):
        console.print(table)
        console.print()
    if run.quick:
        console.print(Text(translated(QUICK)))
        console.print()
    if any(result.benchmark in ABOUT_SOUND for result in run.results):
        for sentence in (*sentences(run.results), *recommendation(run.results, run.machine)):
            console.print(Text(printable(translated(sentence))))
        console.print()
    if comparison is not None:
        from cli.bench.changes import print_changes  # noqa: PLC0415

        print_changes(console, comparison)
