"""`voice replay`: what a recorded conversation did, done again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.language.spoken import echo, translated, word
from cli.options import JsonOption
from cli.terminal.sanitize import printable

app = typer.Typer(add_completion=False)


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(help="Folder of `voice run --record`, or its session.jsonl.")],
    as_json: JsonOption = False,
) -> None:
    """Replay a recorded conversation, and compare.

    Its events run through the same conversation, without sound and server.
    The exit code is 1 where it does something else than it did.
    """
    from engine.realtime.recording.replay import replay as replayed  # noqa: PLC0415 - brings numpy

    inputs = actions = 0
    for step in replayed(recording):
        inputs += 1
        actions += len(step.actions)
        if as_json:
            place = {"line": step.line, "t": step.at_s, "machine": step.machine, "input": step.input}
            print(json.dumps({**place, "event": step.event, "same": step.same, "actions": step.actions}))
        elif step.actions:
            line = f"{step.at_s:9.3f}  {step.event or step.input}: {', '.join(map(_brief, step.actions))}"
            print(printable(line))
        if not step.same:
            echo(f"voice: Line {step.line} is not replayed as it was recorded.", err=True)
            for told, values in ((word("recorded"), step.recorded), (word("replayed"), step.actions)):
                for value in values:
                    typer.echo(f"  {translated(told)}: {json.dumps(value)}", err=True)
            raise typer.Exit(1)
    if not as_json:
        echo(f"{inputs} inputs led to the same {actions} actions.")


def _brief(action: Any) -> str:
    """An action in a word or two."""
    inner = action.get("event") or action.get("notice") or {}
    kind = str(action.get("$", "?"))
    return f"{kind} {inner['type']}" if "type" in inner else kind
