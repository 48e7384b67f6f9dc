"""`voice bench history`: the runs that `--save` kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cli.help import say_help
from cli.language.spoken import echo, translated, word
from cli.options import JsonOption
from cli.terminal.sanitize import json_text, printable

if TYPE_CHECKING:
    from benchmarks.report.history import Run
    from engine.errors import InvalidInputError


def history(as_json: JsonOption = False) -> None:
    """List the runs saved with `voice bench --save` and their main figures."""
    from benchmarks.report.history import history_folder, kept_runs  # noqa: PLC0415

    folder = history_folder()
    runs = kept_runs(folder, _tell_damage)
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


def _tell_damage(error: InvalidInputError) -> None:
    echo(printable(f"Skipped: {error.message}"), err=True)


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
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from benchmarks.report.verdict import key_figures  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    table.add_column(translated(word("run")), no_wrap=True)
    table.add_column(translated(word("machine")), overflow="fold", max_width=22)
    table.add_column(translated(word("benchmarks")), max_width=18)
    table.add_column(translated(word("figures")))
    for run in runs:
        machine = run.document.machine
        table.add_row(
            Text(run.id),
            Text(printable(translated(f"{machine.get('cpu', '?')}, {machine.get('cores', '?')} cores"))),
            Text(printable(", ".join(run.benchmarks) + (translated(" (quick)") if run.document.quick else ""))),
            Text(printable("; ".join(map(translated, key_figures(run.document.results))))),
        )
    Console().print(table)
