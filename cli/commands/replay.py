"""`voice replay`: what a recorded conversation did, done again."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cli.commands.sessions import SessionArgument
from cli.language.spoken import echo, translated, word
from cli.terminal.sanitize import printable

app = typer.Typer(add_completion=False)


@app.command()
def replay(
    session: SessionArgument = "last",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each input and its actions as a line of JSON.")
    ] = False,
    everything: Annotated[bool, typer.Option("--verbose", help="Also print each input that led to actions.")] = False,
) -> None:
    """Re-run a recorded conversation and check that nothing has changed.

    Needs neither sound nor a server. At the first difference, which may
    cause all that follow, it is printed, and the exit code is 1.
    """
    from cli.sessions.finding import path_of  # noqa: PLC0415 - brings numpy
    from engine.realtime.recording.replay import replay as replayed  # noqa: PLC0415

    inputs = actions = 0
    for step in replayed(path_of(session, or_events=True)):
        inputs += 1
        actions += len(step.actions)
        if as_json:
            place = {"line": step.line, "t": step.at_s, "machine": step.machine, "input": step.input}
            print(json.dumps({**place, "event": step.event, "same": step.same, "actions": step.actions}))
        elif everything and step.actions:
            line = f"{step.at_s:9.3f}  {step.event or step.input}: {', '.join(map(_brief, step.actions))}"
            print(printable(line))
        if not step.same:
            echo(
                f"voice: Line {step.line} differs from the recording; {inputs - 1:d} inputs before it are the same.",
                err=True,
            )
            for told, values in ((word("recorded"), step.recorded), (word("replayed"), step.actions)):
                for value in values:
                    typer.echo(f"  {translated(told)}: {json.dumps(value)}", err=True)
            raise typer.Exit(1)
    if not as_json:
        echo(f"Nothing has changed: {inputs} inputs led to the same {actions} actions.")


def _brief(action: Any) -> str:
    """An action in a word or two."""
    inner = action.get("event") or action.get("notice") or {}
    kind = str(action.get("$", "?"))
    return f"{kind} {inner['type']}" if "type" in inner else kind
