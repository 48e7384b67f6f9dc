"""`voice devices test`: plays a sweep, listens to it, and says what is wrong with the microphone or the speaker."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import typer

from cli.errors import on_command_line
from cli.language.spoken import translated
from cli.options import BackendOption, JsonOption, MicrophoneOption, SpeakerOption
from cli.terminal.sanitize import json_text, printable

if TYPE_CHECKING:
    from cli.devices.echo import Echo
    from engine.audio.soundcheck.diagnosis import Report
    from engine.audio.soundcheck.record import Recorded
    from engine.audio.types import StreamInfo


def test(
    input: MicrophoneOption = None,  # noqa: A002 - the option's name
    output: SpeakerOption = None,
    backend: BackendOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a test sweep, listen to it, and say what is wrong.

    Takes 6 seconds. The exit code is 1 if a conversation cannot work.
    """
    from rich.text import Text  # noqa: PLC0415

    from cli.devices.echo import measure_echo  # noqa: PLC0415 - brings soxr
    from cli.devices.echo_note import note_echo  # noqa: PLC0415
    from cli.devices.selection import open_devices  # noqa: PLC0415
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from cli.terminal.level_meter import bar  # noqa: PLC0415 - brings rich
    from cli.terminal.live_area import LiveArea  # noqa: PLC0415
    from cli.view.lines import describe_stream  # noqa: PLC0415
    from engine.audio.soundcheck.diagnosis import diagnose  # noqa: PLC0415
    from engine.audio.soundcheck.record import record_sound_check  # noqa: PLC0415

    def say_opened(info: StreamInfo) -> None:
        if not as_json:
            typer.echo("\n".join(printable(translated(line)) for line in describe_stream(info)))

    line = LiveArea(sys.stderr)
    with open_devices(backend, input, output) as (opened, request):
        prepare_kernels()
        try:
            recorded = record_sound_check(
                opened,
                request,
                opened=say_opened,
                on_level=lambda stage, level_db: line.show(
                    Text(f"{translated(stage):<14} ").append_text(bar(level_db))
                ),
            )
        finally:
            line.close()
    report = diagnose(recorded.check)
    echo = measure_echo(recorded.check) if report.sweep_speed == 1.0 else None
    note_echo(recorded.info, echo.removed_db if echo else None)
    if as_json:
        typer.echo(json_text(_record(recorded, report, echo), 2))
    else:
        _print(report, recorded.info, echo)
    if any(diagnosis.trouble.is_serious for diagnosis in report.diagnoses):
        raise typer.Exit(1)


def _print(report: Report, info: StreamInfo, echo: Echo | None) -> None:
    quiet = f"{report.quiet_db:.0f} dB" if math.isfinite(report.quiet_db) else "silent"
    if math.isfinite(report.peak_db):
        _tell("ok", f"background: {quiet}, peak: {report.peak_db:.0f} dB")
    if report.sweep_speed == 1.0:
        _tell("ok", "the microphone hears the sweep as it was played")
    if report.round_trip_ms is not None:
        reported_ms = sum(side.latency_ms for side in (info.input, info.output) if side)
        _tell("ok", f"round trip: {report.round_trip_ms:.0f} ms (reported: {reported_ms:.0f} ms)")
    if echo is not None:
        removed = "" if echo.removed_db is None else f"; echo cancellation takes {echo.removed_db:.0f} dB of it away"
        _tell("ok", f"the speaker echoes in the microphone at {echo.level_db:.0f} dB{removed}")
    for diagnosis in report.diagnoses:
        verdict = "error" if diagnosis.trouble.is_serious else "warning"
        _tell(verdict, f"{translated(diagnosis.trouble)}: {translated(printable(diagnosis.text))}")
        _tell("", on_command_line(diagnosis.fix))


def _tell(verdict: str, text: str) -> None:
    typer.echo(f"{translated(verdict):<8} {translated(text)}")


def _record(recorded: Recorded, report: Report, echo: Echo | None) -> dict[str, Any]:
    """The report for programs; levels of exact zeros are null, as JSON has no infinity."""
    from dataclasses import asdict  # noqa: PLC0415

    def level(level_db: float) -> float | None:
        return round(level_db, 1) if math.isfinite(level_db) else None

    info, stats = recorded.info, recorded.stats
    return {
        "backend": info.backend,
        "input": asdict(info.input) if info.input else None,
        "output": asdict(info.output) if info.output else None,
        "notes": list(info.notes),
        "quiet_db": level(report.quiet_db),
        "peak_db": level(report.peak_db),
        "sweep_speed": report.sweep_speed,
        "round_trip_ms": None if report.round_trip_ms is None else round(report.round_trip_ms, 1),
        "echo_db": echo and echo.level_db,
        "echo_removed_db": echo and echo.removed_db,
        "hum_hz": report.hum_hz,
        "band_limit_hz": report.band_limit_hz,
        "input_xruns": stats.input_xruns,
        "output_xruns": stats.output_xruns,
        "diagnoses": [
            {**asdict(each), "fix": on_command_line(each.fix), "serious": each.trouble.is_serious}
            for each in report.diagnoses
        ],
    }
