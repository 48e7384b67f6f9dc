"""`voice run`: talk with an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import BACKEND_HELP, LogLevel
from engine.api.options import LIMITS, SessionOptions
from engine.config_tables import Eagerness, TurnMode
from engine.realtime.connection.retry_policy import MAX_OUTAGE_S

app = typer.Typer(add_completion=False)
_AGENT, _SOUND, _TURNS, _LIMITS, _KEPT = "Agent", "Sound", "Turns", "Limits", "What is kept"
"""The panels of its help."""


def _option(
    panel: str,
    words: str,
    value: str | None = None,
    *names: str,
    limits: tuple[float | None, float | None] = (None, None),
) -> Any:
    """An option in a panel of the help, with the name of its value; no other names take that of the parameter."""
    least, most = limits
    return typer.Option(*names, help=words, metavar=value, rich_help_panel=panel, min=least, max=most)


@app.command()
def run(
    provider: Annotated[
        str | None, _option(_AGENT, "yandex, openai or local; default: the one whose key is set, else local.", "NAME")
    ] = None,
    url: Annotated[str | None, _option(_AGENT, "Address (ws:// or wss://) of a Realtime server.", "URL")] = None,
    insecure: Annotated[
        bool,
        _option(_AGENT, "Allow ws:// to another machine: all on the way can read along.", None, "--insecure"),
    ] = False,
    model: Annotated[
        str | None, _option(_AGENT, "Model that answers; default: the newest of the provider.", "NAME")
    ] = None,
    voice: Annotated[str | None, _option(_AGENT, "Voice of the agent.", "NAME")] = None,
    instructions: Annotated[str | None, _option(_AGENT, "What the agent is told; @FILE reads a file.", "TEXT")] = None,
    tools: Annotated[
        list[str] | None,
        _option(
            _AGENT, "Functions the agent may call: MODULE:OBJECT, or a name from `voice tools`; repeatable.", "NAME"
        ),
    ] = None,
    approve: Annotated[
        list[str] | None,
        _option(_AGENT, "Remote MCP server that may be called without asking, or all; repeatable.", "NAME"),
    ] = None,
    input: Annotated[  # noqa: A002 - the option's name
        str | None, _option(_SOUND, "Microphone: index, name, or words of its name.", "DEVICE", "--input")
    ] = None,
    output: Annotated[str | None, _option(_SOUND, "Speaker: index, name, or words of its name.", "DEVICE")] = None,
    input_file: Annotated[
        Path | None,
        _option(_SOUND, "Audio file to use instead of a microphone; - for raw PCM16 at 24 kHz on stdin.", "FILE"),
    ] = None,
    output_file: Annotated[Path | None, _option(_SOUND, "WAV file to write instead of a speaker.", "FILE")] = None,
    volume: Annotated[float, _option(_SOUND, "Gain of the speaker in dB.", "DB", limits=LIMITS["volume"])] = 0.0,
    mic_gain: Annotated[float, _option(_SOUND, "Gain of the microphone in dB.", "DB", limits=LIMITS["mic_gain"])] = 0.0,
    mute: Annotated[bool, _option(_SOUND, "Begin with the microphone muted.", None, "--mute")] = False,
    backend: Annotated[str | None, _option(_SOUND, BACKEND_HELP, "NAME")] = None,
    block_ms: Annotated[
        float | None,
        _option(
            _SOUND,
            "Length of a device block in ms; default: 10 for a speaker, and for a microphone "
            "the 20 that are sent at a time.",
            "MS",
            limits=LIMITS["block_ms"],
        ),
    ] = None,
    output_rate: Annotated[
        int | None,
        _option(
            _SOUND,
            "Rate of the answers in Hz, where they sound too fast or too slow.",
            "HZ",
            limits=LIMITS["output_rate"],
        ),
    ] = None,
    text: Annotated[
        bool,
        _option(
            _TURNS,
            "Write instead of speaking: at the terminal, or lines on standard input. The microphone runs, "
            "but nothing from it is sent.",
            None,
            "--text",
        ),
    ] = False,
    turns: Annotated[
        TurnMode | None,
        _option(
            _TURNS,
            "Who ends your turns: a silence (server_vad), the sense of your words (semantic_vad), you (none).",
            "MODE",
        ),
    ] = None,
    eagerness: Annotated[
        Eagerness | None,
        _option(
            _TURNS, "How soon semantic_vad takes a pause for the end of your turn: low, medium, high, auto.", "HOW"
        ),
    ] = None,
    vad_threshold: Annotated[
        float | None,
        _option(_TURNS, "How sure server_vad must be that you speak.", "P", limits=LIMITS["vad_threshold"]),
    ] = None,
    vad_silence_ms: Annotated[
        int | None,
        _option(_TURNS, "Silence after which server_vad ends your turn.", "MS", limits=LIMITS["vad_silence_ms"]),
    ] = None,
    vad_padding_ms: Annotated[
        int | None,
        _option(
            _TURNS, "How much from before your first word server_vad takes in.", "MS", limits=LIMITS["vad_padding_ms"]
        ),
    ] = None,
    vad_idle_ms: Annotated[
        int | None,
        _option(
            _TURNS,
            "Silence after which the service speaks up by itself (server_vad).",
            "MS",
            limits=LIMITS["vad_idle_ms"],
        ),
    ] = None,
    duration: Annotated[
        float | None, _option(_LIMITS, "Seconds until the session ends.", "S", limits=LIMITS["duration"])
    ] = None,
    idle_timeout: Annotated[
        float | None,
        _option(
            _LIMITS,
            "End the session after so many seconds without a word from anybody.",
            "S",
            limits=LIMITS["idle_timeout"],
        ),
    ] = None,
    budget: Annotated[
        float | None,
        _option(
            _LIMITS,
            "What the session may cost, in the currency of the model's prices; then it ends.",
            "AMOUNT",
            limits=LIMITS["budget"],
        ),
    ] = None,
    max_outage_audio: Annotated[
        float,
        _option(
            _LIMITS,
            "Seconds of your speech that are kept until a lost connection is back.",
            "S",
            limits=LIMITS["max_outage_audio"],
        ),
    ] = MAX_OUTAGE_S,
    record: Annotated[
        Path | None,
        _option(_KEPT, "Folder to record the session into, for `voice replay`: events and sound.", "FOLDER"),
    ] = None,
    events: Annotated[
        str | None,
        _option(_KEPT, "Write every event as a line of JSON to this file; - for standard output.", "FILE"),
    ] = None,
    log_level: Annotated[
        LogLevel, _option(_KEPT, "What is logged, to standard error: debug, info, warning, error.", "LEVEL")
    ] = LogLevel.WARNING,
) -> None:
    """Talk with an agent. Ctrl+C ends the conversation.

    At a terminal, Tab mutes and unmutes the microphone; type and press
    Enter to send text. With --turns none, hold Space while you talk; on
    terminals that do not report key releases, tap it before and after
    your words.

    Without a sound card and an input file, you get a demonstration with
    the embedded agent.
    """
    options = SessionOptions(
        backend=backend,
        provider=provider,
        url=url,
        insecure=insecure,
        model=model,
        input=input,
        output=output,
        input_file=input_file,
        output_file=output_file,
        voice=voice,
        instructions=instructions,
        tools=tools or (),
        output_rate=output_rate,
        approve=approve or (),
        volume=volume,
        mic_gain=mic_gain,
        block_ms=block_ms,
        turns=turns,
        eagerness=eagerness,
        vad_threshold=vad_threshold,
        vad_silence_ms=vad_silence_ms,
        vad_padding_ms=vad_padding_ms,
        vad_idle_ms=vad_idle_ms,
        text=text,
        mute=mute,
        idle_timeout=idle_timeout,
        duration=duration,
        max_outage_audio=max_outage_audio,
        budget=budget,
        record=record,
    )
    from cli.kernels import prepare_kernels  # noqa: PLC0415

    prepare_kernels()
    from cli.run.start import run_session  # noqa: PLC0415 - brings numpy and aiohttp

    run_session(options, events, log_level)
