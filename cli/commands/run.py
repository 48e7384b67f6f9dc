"""`voice run`: talk with an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import BackendOption, LogLevel, RunOptions
from engine.realtime.reconnect import MAX_OUTAGE_S
from engine.realtime.turn_detection import Eagerness, TurnMode, TurnOptions


def run(
    backend: BackendOption = None,
    provider: Annotated[
        str | None, typer.Option(help="yandex, openai, local; default: the one whose key is set, else local.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address (ws:// or wss://) of a Realtime server.")] = None,
    input: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option("--input", help="Microphone: index, name, or words of its name.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="Speaker: index, name, or words of its name.")] = None,
    input_file: Annotated[
        Path | None, typer.Option(help="Audio file to speak instead of a microphone; - for raw PCM16 24 kHz on stdin.")
    ] = None,
    output_file: Annotated[Path | None, typer.Option(help="WAV file to write instead of a speaker.")] = None,
    voice: Annotated[str | None, typer.Option(help="Voice of the agent.")] = None,
    instructions: Annotated[str | None, typer.Option(help="What the agent is told; @FILE reads a file.")] = None,
    tools: Annotated[
        list[str] | None,
        typer.Option(help="Functions the agent may call: MODULE:OBJECT, or a name of `voice tools`; repeatable."),
    ] = None,
    output_rate: Annotated[
        int | None,
        typer.Option(help="Rate of the answers in Hz, where they sound too fast or too slow.", min=8000, max=48000),
    ] = None,
    approve: Annotated[
        list[str] | None,
        typer.Option(help="Remote MCP server whose calls need no question; all for every one; repeatable."),
    ] = None,
    volume: Annotated[float, typer.Option(help="Gain of the speaker in dB.", min=-60, max=20)] = 0.0,
    mic_gain: Annotated[float, typer.Option(help="Gain of the microphone in dB.", min=-60, max=40)] = 0.0,
    block_ms: Annotated[
        float | None, typer.Option(help="Length of a device block in ms; default: the backend's (10).", min=1, max=200)
    ] = None,
    turns: Annotated[
        TurnMode | None,
        typer.Option(help="Who ends your turns: a silence, the sense of your words, or you (none: push-to-talk)."),
    ] = None,
    eagerness: Annotated[
        Eagerness | None, typer.Option(help="How soon semantic_vad takes a pause for the end of your turn.")
    ] = None,
    vad_threshold: Annotated[
        float | None, typer.Option(help="How sure server_vad must be that you speak.", min=0, max=1)
    ] = None,
    vad_silence_ms: Annotated[
        int | None, typer.Option(help="The silence by which server_vad ends your turn.", min=0, max=10_000)
    ] = None,
    vad_padding_ms: Annotated[
        int | None, typer.Option(help="What server_vad takes in from before your first word.", min=0, max=5000)
    ] = None,
    vad_idle_ms: Annotated[
        int | None, typer.Option(help="After how much silence the service speaks up by itself (server_vad).", min=1000)
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="Write instead of speaking: at the terminal, or lines on standard input.")
    ] = False,
    mute: Annotated[bool, typer.Option("--mute", help="Begin with the microphone muted.")] = False,
    idle_timeout: Annotated[
        float | None, typer.Option(help="Seconds without a word from anybody that end the session.", min=1)
    ] = None,
    duration: Annotated[float | None, typer.Option(help="Seconds until the session ends.", min=0.1)] = None,
    max_outage_audio: Annotated[
        float, typer.Option(help="How many seconds of your words wait for a lost connection to come back.", min=0)
    ] = MAX_OUTAGE_S,
    budget: Annotated[
        float | None,
        typer.Option(help="What the session may cost, in the currency of the model's prices; it ends after.", min=0),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Folder to record the session into, for `voice replay`: events and sound.")
    ] = None,
    events: Annotated[
        str | None, typer.Option(help="Write every event as a line of JSON to this file; - for standard output.")
    ] = None,
    log_level: Annotated[LogLevel, typer.Option(help="What is logged, to standard error.")] = LogLevel.WARNING,
) -> None:
    """Talk with an agent. Ctrl+C ends the conversation.

    At a terminal, Tab mutes and opens the microphone, and what you type is said with Enter. With --turns none, Space
    talks: hold it where the terminal reports keys that are let go, tap it before and after your words where not.

    Without a sound card and without an input file, a demonstration with the embedded agent is held.
    """
    options = RunOptions(
        backend=backend,
        provider=provider,
        url=url,
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

    # Before anything else: importing the session would compile them without a word.
    prepare_kernels(lambda text: typer.echo(text, err=True))
    from cli.run_session import run_session  # noqa: PLC0415 - brings numpy, numba and aiohttp

    run_session(options)
