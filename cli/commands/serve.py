"""`voice serve`: the embedded Realtime server, on this machine only; plays scripts and misbehaves where asked to."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.language.spoken import echo, translated

if TYPE_CHECKING:
    from engine.local.faults.plan import FaultPlan
    from engine.local.script_player import ScriptPlayer
    from engine.local.session_factory import Agent

app = typer.Typer(add_completion=False)
_PATIENCE_S = 0.3
"""Longest wait at the end for a standard error that takes nothing."""
SCRIPT_HELP = """\b
A script (TOML or JSON) is a list of steps:
  steps = [
    { emit = "session.created", session = { id = "sess_1" } },
    { expect = "session.update", having = { session = { type = "*" } } },
    { emit = "session.updated", session = {} },
    { hear = 0.5 },
    { call = "get_weather", arguments = { city = "Paris" } },
    { expect = "conversation.item.create", save = { said = "item.output" } },
    { expect = "response.create" },
    { answer = "Tool says: ${said}", sound = { tone_hz = 440, seconds = 1 } },
    { repeat = 2, steps = [ { wait = 0.2 }, { answer = "Round ${n}." } ] },
    { close = 1000 },
  ]
  ignoring = ["conversation.item.truncate"]
An expected event must be the client's next one, apart from its microphone's
audio and what "ignoring" names. The first mistake, or a step left over, ends
the command with exit code 14 and names the step. The manual lists all kinds
of steps: docs/testing.md.
"""


@app.command(epilog=SCRIPT_HELP)
def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", help="Port to listen on; 0 takes any free one.", min=0, max=65535)
    ] = 8765,
    script: Annotated[
        Path | None, typer.Option(help="Play this script instead of an agent, then end.", metavar="FILE")
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option(help="Faults to inject, such as late:ms=50-300,split; `help` lists them.", metavar="SPEC"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed for the random faults; the same seed repeats them.")
    ] = None,
) -> None:
    """Serve an offline agent, or a script, to programs on this machine.

    The programs are clients of the Realtime API. Ctrl+C ends it.
    """
    if faults and "help" in faults:
        _list_faults()
        return
    import asyncio  # noqa: PLC0415 - a fifth of the start-up

    from engine.daemon_thread import DaemonThread  # noqa: PLC0415

    with contextlib.suppress(KeyboardInterrupt):
        plan = _plan_of(faults or [], seed)
        # Not in this thread: it would hear Ctrl+C only when the models are loaded, or the script's words spoken.
        factory = DaemonThread().submit(_factory_of, script).result()
        asyncio.run(_serve(host, port, factory, plan))


async def _serve(address: str, port: int, factory: Agent | ScriptPlayer, plan: FaultPlan) -> None:
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from cli.terminal.sanitize import printable  # noqa: PLC0415
    from cli.terminal.signals import stop_signals  # noqa: PLC0415
    from cli.terminal.writer import BackgroundWriter  # noqa: PLC0415
    from engine.local.script_player import ScriptPlayer  # noqa: PLC0415
    from engine.local.server import serve as serve_clients  # noqa: PLC0415

    player = factory if isinstance(factory, ScriptPlayer) else None
    until = player.finished if player else asyncio.Event()

    def stop() -> None:
        until.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)  # a second one ends it at once

    about = BackgroundWriter(sys.stderr)

    def log(line: str) -> None:
        about.write(f"{printable(line)}\n")

    try:
        with stop_signals(stop):
            await serve_clients(address, port, factory=factory, announce=_announce, faults=plan, until=until, log=log)
    finally:
        about.close(_PATIENCE_S)
    if player:
        player.check()


def _plan_of(specs: list[str], seed: int | None) -> FaultPlan:
    import secrets  # noqa: PLC0415

    from engine.local.faults.plan import FaultPlan  # noqa: PLC0415

    drawn = secrets.randbelow(1_000_000) if seed is None else seed
    plan = FaultPlan.read(specs, drawn)
    if specs and seed is None:
        echo(f"Faults are drawn with --seed {drawn}", err=True)
    return plan


def _factory_of(script: Path | None) -> Agent | ScriptPlayer:
    from engine.local.answering.sounds import SoundMaker  # noqa: PLC0415
    from engine.local.script_player import ScriptPlayer  # noqa: PLC0415
    from engine.local.session_factory import Agent  # noqa: PLC0415
    from engine.script.reading import read_script  # noqa: PLC0415

    if script is None:
        return Agent()
    return ScriptPlayer(read_script(script, SoundMaker(script.parent).make))


def _list_faults() -> None:
    from engine.local.faults.plan import listing  # noqa: PLC0415

    for usage, meaning in listing():
        typer.echo(f"{usage}\n    {translated(meaning)}")
    echo(
        "\nSeparate several by commas, or repeat --faults; they are applied in this order."
        "\nA moment is given in time (5s, 500ms) or in events sent so far (20events)."
    )


def _announce(line: str) -> None:
    ready = json.loads(line)
    echo(f"Listening on {ready['url']} (Ctrl+C to end). Talk to it with:")
    typer.echo(f"  voice run --url {ready['url']}")
    for lack in ready["lacks"]:
        echo(f"Note: {lack}", err=True)
