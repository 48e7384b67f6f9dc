"""`voice run`: talk with an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import BACKEND_HELP, LogLevel, RunOptions
from engine.realtime.reconnect import MAX_OUTAGE_S
from engine.realtime.turn_detection import Eagerness, TurnMode, TurnOptions

app = typer.Typer(add_completion=False)
_AGENT, _SOUND, _TURNS, _LIMITS, _KEPT = "Agent", "Sound", "Turns", "Limits", "What is kept"
"""The panels of its help."""


@app.command()
def run(
    provider: Annotated[
        str | None,
        typer.Option(
            help="yandex, openai or local; default: the one whose key is set, else local.",
            metavar="NAME",
            rich_help_panel=_AGENT,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Address (ws:// or wss://) of a Realtime server.", metavar="URL", rich_help_panel=_AGENT),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model that answers; default: the newest of the provider.",
            metavar="NAME",
            rich_help_panel=_AGENT,
        ),
    ] = None,
    voice: Annotated[
        str | None, typer.Option(help="Voice of the agent.", metavar="NAME", rich_help_panel=_AGENT)
    ] = None,
    instructions: Annotated[
        str | None,
        typer.Option(help="What the agent is told; @FILE reads a file.", metavar="TEXT", rich_help_panel=_AGENT),
    ] = None,
    tools: Annotated[
        list[str] | None,
        typer.Option(
            help="Functions the agent may call: MODULE:OBJECT, or a name of `voice tools`; repeatable.",
            metavar="NAME",
            rich_help_panel=_AGENT,
        ),
    ] = None,
    approve: Annotated[
        list[str] | None,
        typer.Option(
            help="Remote MCP server whose calls need no question; all for every one; repeatable.",
            metavar="NAME",
            rich_help_panel=_AGENT,
        ),
    ] = None,
    input: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(
            "--input", help="Microphone: index, name, or words of its name.", metavar="DEVICE", rich_help_panel=_SOUND
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(help="Speaker: index, name, or words of its name.", metavar="DEVICE", rich_help_panel=_SOUND),
    ] = None,
    input_file: Annotated[
        Path | None,
        typer.Option(
            help="Audio file to speak instead of a microphone; - for raw PCM16 24 kHz on stdin.",
            metavar="FILE",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    output_file: Annotated[
        Path | None,
        typer.Option(help="WAV file to write instead of a speaker.", metavar="FILE", rich_help_panel=_SOUND),
    ] = None,
    volume: Annotated[
        float, typer.Option(help="Gain of the speaker in dB.", min=-60, max=20, metavar="DB", rich_help_panel=_SOUND)
    ] = 0.0,
    mic_gain: Annotated[
        float, typer.Option(help="Gain of the microphone in dB.", min=-60, max=40, metavar="DB", rich_help_panel=_SOUND)
    ] = 0.0,
    mute: Annotated[
        bool, typer.Option("--mute", help="Begin with the microphone muted.", rich_help_panel=_SOUND)
    ] = False,
    backend: Annotated[
        str | None, typer.Option("--backend", help=BACKEND_HELP, metavar="NAME", rich_help_panel=_SOUND)
    ] = None,
    block_ms: Annotated[
        float | None,
        typer.Option(
            help="Length of a device block in ms; default: 10 for a speaker, and for a microphone what is sent "
            "at once (20).",
            min=1,
            max=200,
            metavar="MS",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    output_rate: Annotated[
        int | None,
        typer.Option(
            help="Rate of the answers in Hz, where they sound too fast or too slow.",
            min=8000,
            max=48000,
            metavar="HZ",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    text: Annotated[
        bool,
        typer.Option(
            "--text",
            help="Write instead of speaking: at the terminal, or lines on standard input. The microphone runs, "
            "and nothing of it is sent.",
            rich_help_panel=_TURNS,
        ),
    ] = False,
    turns: Annotated[
        TurnMode | None,
        typer.Option(
            help="Who ends your turns: a silence (server_vad), the sense of your words (semantic_vad), you (none).",
            metavar="MODE",
            rich_help_panel=_TURNS,
        ),
    ] = None,
    eagerness: Annotated[
        Eagerness | None,
        typer.Option(
            help="How soon semantic_vad takes a pause for the end of your turn: low, medium, high, auto.",
            metavar="HOW",
            rich_help_panel=_TURNS,
        ),
    ] = None,
    vad_threshold: Annotated[
        float | None,
        typer.Option(
            help="How sure server_vad must be that you speak.", min=0, max=1, metavar="P", rich_help_panel=_TURNS
        ),
    ] = None,
    vad_silence_ms: Annotated[
        int | None,
        typer.Option(
            help="The silence by which server_vad ends your turn.",
            min=0,
            max=10_000,
            metavar="MS",
            rich_help_panel=_TURNS,
        ),
    ] = None,
    vad_padding_ms: Annotated[
        int | None,
        typer.Option(
            help="What server_vad takes in from before your first word.",
            min=0,
            max=5000,
            metavar="MS",
            rich_help_panel=_TURNS,
        ),
    ] = None,
    vad_idle_ms: Annotated[
        int | None,
        typer.Option(
            help="After how much silence the service speaks up by itself (server_vad).",
            min=1000,
            metavar="MS",
            rich_help_panel=_TURNS,
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(help="Seconds until the session ends.", min=0.1, metavar="S", rich_help_panel=_LIMITS),
    ] = None,
    idle_timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds without a word from anybody that end the session.",
            min=1,
            metavar="S",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            help="What the session may cost, in the currency of the model's prices; it ends after.",
            min=0,
            metavar="AMOUNT",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    max_outage_audio: Annotated[
        float,
        typer.Option(
            help="How many seconds of your words wait for a lost connection to come back.",
            min=0,
            metavar="S",
            rich_help_panel=_LIMITS,
        ),
    ] = MAX_OUTAGE_S,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Folder to record the session into, for `voice replay`: events and sound.",
            metavar="FOLDER",
            rich_help_panel=_KEPT,
        ),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(
            help="Write every event as a line of JSON to this file; - for standard output.",
            metavar="FILE",
            rich_help_panel=_KEPT,
        ),
    ] = None,
    log_level: Annotated[
        LogLevel,
        typer.Option(
            help="What is logged, to standard error: debug, info, warning, error.",
            metavar="LEVEL",
            rich_help_panel=_KEPT,
        ),
    ] = LogLevel.WARNING,
) -> None:
    """Talk with an agent. Ctrl+C ends the conversation.

    At a terminal, Tab mutes and opens the microphone, and what you type
    is said with Enter. With --turns none, Space talks: hold it where the
    terminal reports keys that are let go, tap it before and after your
    words where not.

    Without a sound card and without an input file, a demonstration with
    the embedded agent is held.
    """
    options = RunOptions(
        backend=backend,
        provider=provider,
        url=url,
        model=model,
        input=input,
        output=output,
        input_file=input_file,
        output_file=output_file,
        voice=voice,
        instructions=instructions,
        tools=tuple(tools or ()),
        output_rate_hz=output_rate,
        approve=tuple(approve or ()),
        volume_db=volume,
        mic_gain_db=mic_gain,
        block_ms=block_ms,
        turns=TurnOptions(turns, eagerness, vad_threshold, vad_silence_ms, vad_padding_ms, vad_idle_ms),
        text=text,
        mute=mute,
        idle_timeout_s=idle_timeout,
        duration_s=duration,
        max_outage_s=max_outage_audio,
        budget=budget,
        record=record,
        events=events,
        log_level=log_level,
    )
    from cli.kernels import prepare_kernels  # noqa: PLC0415

    prepare_kernels()
    from cli.run_session import run_session  # noqa: PLC0415 - brings numpy, numba and aiohttp

    run_session(options)
