"""`voice bench history`: the runs that `--save` kept."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import typer

from cli.help import say_help
from cli.language.spoken import echo, translated
from cli.options import JsonOption
from cli.terminal.sanitize import json_text, printable

if TYPE_CHECKING:
    from benchmarks.report.history import Run


def history(as_json: JsonOption = False) -> None:
    """List the runs saved with `voice bench --save` and their main figures."""
    from benchmarks.report.history import history_folder, kept_runs  # noqa: PLC0415

    folder = history_folder()
    runs = kept_runs(folder, lambda error: echo(printable(f"Skipped: {error.message}"), err=True))
    if as_json:
        typer.echo(json_text([_record(run) for run in runs], 2))
    elif not runs:
        echo(f"No run has been saved in {folder} yet. `voice bench NAME --save` saves one.", err=True)
    else:
        _print(runs)


def history_command() -> Any:
    """Return the command, for `voice bench` to hand its arguments to."""
    app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
    app.command()(history)
    command = typer.main.get_command(app)
    say_help(command)
    return command


def _record(run: Run) -> dict[str, Any]:
    from benchmarks.report.verdict import key_figures  # noqa: PLC0415

    return {
        "id": run.id,
        "measured_at": run.measured_at,
        "machine": dict(run.document.machine),
        "quick": run.document.quick,
        "benchmarks": run.benchmarks,
        "cases": len(run.document.results),
        "figures": key_figures(run.document.results),
        "path": str(run.path),
    }


def _print(runs: list[Run]) -> None:
    from benchmarks.report.verdict import key_figures  # noqa: PLC0415
    from cli.terminal.wrapping import wrapped  # noqa: PLC0415

    for machine, of_it in groupby(runs, key=_machine):
        echo(printable(machine))
        for run in of_it:
            quick = translated(" (quick)") if run.document.quick else ""
            typer.echo(wrapped(printable(f"  {run.id}  {', '.join(run.benchmarks)}{quick}"), 19))
            typer.echo(wrapped(printable(f"    {'; '.join(map(translated, key_figures(run.document.results)))}"), 4))


def _machine(run: Run) -> str:
    machine = run.document.machine
    return f"{machine.get('cpu', '?')}, {machine.get('cores', '?')} cores"
