"""Lines on the terminal for the events of a session: tools, lost devices and connections, and costs."""

from __future__ import annotations

import contextlib
import json

from cli.language.spoken import Said, counted, filled, translated, word
from engine.audio.types import StreamInfo, StreamSide
from engine.realtime.session_events import (
    AnswerDropped,
    ApprovalAsked,
    ApprovalGiven,
    DeviceFound,
    DeviceLost,
    Lacking,
    McpServerChanged,
    PartChosen,
    Reconnected,
    Reconnecting,
    RemoteCall,
    RemoteTools,
    Summary,
    ToolCalled,
    ToolReturned,
    ToolsAwaited,
    UsageTotal,
    Xrun,
)

_SHOWN_CHARS = 45
"""Length of a result, which the recording has whole: with the name of a tool and its time it fits on a line."""
_SHOWN_OF_FAILURE = 300
_LONGEST_READ = 10_000
"""Characters of JSON that are read for a line: the conversation waits meanwhile."""
FOR_THE_MODEL = ("end_conversation",)
"""Tools whose results tell the model what to do, and no person."""
_STATES = {
    "failed": "MCP server {name} could not be started: {reason}.",
    "lost": "MCP server {name} was lost and is being restarted: {reason}.",
    "given up": "MCP server {name} is given up: {reason}.",
}

ToolEvent = (
    ToolCalled
    | ToolReturned
    | ToolsAwaited
    | McpServerChanged
    | RemoteTools
    | RemoteCall
    | ApprovalAsked
    | ApprovalGiven
)

Remark = ToolEvent | UsageTotal | PartChosen | Lacking


def remark_line(event: Remark) -> str:
    """Return the line for what is told beside the conversation; "" for what is not worth one."""
    match event:
        case PartChosen(part, name, reason):
            return Said(f"{translated(part.title())} {name}: {translated(reason)}.")
        case Lacking(lack):
            return f"Note: {lack}"
        case UsageTotal():
            return usage_line(event)
        case ToolReturned(name, failed=False) if name in FOR_THE_MODEL:
            return ""
        case _:
            return tool_line(event)


def call_text(name: str, arguments: dict[str, object]) -> str:
    """A call as a line of Python would write it.

    Example:
        >>> call_text("get_weather", {"city": "Omsk"})
        'get_weather(city="Omsk")'
    """
    given = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    return f"{name}({given})"


def result_text(output: str) -> str:
    """Return what a tool returned as a person reads it: in one line, without the marks of JSON.

    Example:
        >>> result_text('{"city": "Omsk", "temperature_c": -4, "wind": {"from": "north"}, "warnings": []}')
        'city: Omsk, temperature_c: -4, wind: (from: north), warnings: none'
    """
    read: object = output
    if len(output) <= _LONGEST_READ:
        with contextlib.suppress(ValueError, RecursionError):
            # Numbers as they are written: 1.10 may be a version.
            read = _read(json.loads(output, parse_float=str, parse_int=str, parse_constant=str))
    return " ".join(str(read).split())


def _read(value: object, *, is_within: bool = False) -> str:
    match value:
        case _ if value in (None, [], {}):
            return translated("none")
        case dict():
            text = ", ".join(f"{key}: {_read(each, is_within=True)}" for key, each in value.items())
            return f"({text})" if is_within else text
        case list():
            return ", ".join(_read(each, is_within=True) for each in value)
        case bool():
            return translated("yes") if value else translated("no")
        case _:
            return str(value).removesuffix(".")


def _short(output: str, most: int = _SHOWN_CHARS) -> str:
    text = result_text(output)
    return text if len(text) <= most else f"{text[:most].rstrip(' ,')}…"


def tool_line(event: ToolEvent) -> str:
    """Return the line for a session event.

    Example:
        >>> tool_line(ToolCalled("get_weather", {"city": "Omsk"}))
        '  tool get_weather(city="Omsk")'
    """
    match event:
        case ToolCalled(name, arguments, _, server_side):
            message = "  the server runs {call}" if server_side else "  tool {call}"
            return filled(message, call=call_text(name, arguments))
        case ToolReturned(name, output, _, failed, cut_chars):
            cut = translated(f" ({cut_chars} characters too long for the model, and cut)") if cut_chars else ""
            message = "  {name} failed: {output}{cut}" if failed else "  {name} returned {output}{cut}"
            return filled(
                message, name=name, output=_short(output, _SHOWN_OF_FAILURE if failed else _SHOWN_CHARS), cut=cut
            )
        case ToolsAwaited(names):
            return filled("Waiting for {names} to finish; Ctrl+C again stops waiting.", names=", ".join(names))
        case McpServerChanged(name, "ready", _, tools):
            return filled("MCP server {name}: {tools}.", name=name, tools=counted(tools, "tool"))
        case McpServerChanged(name, state, reason):
            return filled(_STATES[state], name=name, reason=translated(reason))
        case _:
            return _remote_line(event)


def _remote_line(event: RemoteTools | RemoteCall | ApprovalAsked | ApprovalGiven) -> str:
    """Return the line for a step of the service with its own MCP servers."""
    match event:
        case RemoteTools(server, _, failed=True):
            return filled("The service could not ask MCP server {server} for its tools.", server=server)
        case RemoteTools(server, names):
            tools = ", ".join(names) or translated("none")
            return filled("The service has the tools of MCP server {server}: {tools}.", server=server, tools=tools)
        case RemoteCall(server, name, "returned", outcome):
            shown = _short(outcome)
            return filled("  {server}.{name} returned {outcome}", server=server, name=name, outcome=shown)
        case RemoteCall(server, name, state):
            state = translated(state.replace("_", " "))
            return filled("  the service calls {server}.{name}: {state}", server=server, name=name, state=state)
        case ApprovalAsked(_, server, name, arguments):
            call = call_text(name, arguments)
            return filled("  the service asks whether it may call {server}.{call}", server=server, call=call)
        case ApprovalGiven(_, server, name, approve, reason):
            message = "  {server}.{name} allowed" if approve else "  {server}.{name} refused: {reason}"
            return filled(message, server=server, name=name, reason=translated(reason))


def loss_line(event: Reconnecting | Reconnected | DeviceLost | DeviceFound | AnswerDropped) -> str:
    """Return one line; "" for what is not worth one."""
    match event:
        case Reconnecting() | Reconnected():
            return _connection_line(event)
        case _:
            return _device_line(event)


def xrun_line(event: Xrun) -> str:
    """Return the line for the first one; the summary counts them."""
    side = word("microphone") if event.side == "input" else word("speaker")
    return f"  (sound of the {side} was lost for a moment; the summary counts how often)"


def _device_line(event: DeviceLost | DeviceFound | AnswerDropped) -> str:
    """Return one line; "" for what is not worth one.

    Of the retries, the first is told, and then each time it has lasted twice as long: an hour without a device is no
    page of lines.
    """
    match event:
        case DeviceLost(waiting_for, 0):
            return f"  (device lost: looking for {waiting_for})"
        case DeviceLost(waiting_for, attempt, reason):
            because = f": {reason}" if reason else ""
            worth_a_line = attempt & (attempt - 1) == 0
            return f"  (device lost: waiting for {waiting_for}, retrying ({attempt}){because})" if worth_a_line else ""
        case DeviceFound(source, target, away_ms, is_new_default, is_chosen):
            back = "as chosen" if is_chosen else f"sound is back after {away_ms / 1000:.1f} s"
            why = "following the new default" if is_new_default else back
            sides = (
                f"{translated(name)} {side}" for name, side in (("microphone", source), ("speaker", target)) if side
            )
            return Said(f"  ({translated(why)}: {', '.join(sides)})")
        case AnswerDropped(heard_ms, dropped_ms):
            dropped = f"{dropped_ms / 1000:.1f} s of the answer dropped after {heard_ms / 1000:.2f} s were heard"
            return f"  (no speaker for too long: {dropped})"


def _connection_line(event: Reconnecting | Reconnected) -> str:
    """Return the line for a connection; a planned change, which nobody notices, has none."""
    match event:
        case Reconnecting(attempt, of, reason, wait_ms):
            when = f" in {wait_ms / 1000:.1f} s" if wait_ms else ""
            return f"  (connection lost: reconnecting ({attempt}/{of}){when}: {reason})"
        case Reconnected(planned=True):
            return ""
        case Reconnected(away_ms, dropped_audio_ms):
            dropped = f"; {dropped_audio_ms / 1000:.1f} s of the microphone is lost" if dropped_audio_ms else ""
            return f"  (the connection is back after {away_ms / 1000:.1f} s{dropped})"


def usage_line(total: UsageTotal) -> str:
    """Return the line for a running total, or the longer one for the last; nothing where nothing was paid."""
    if not total.final:
        return f"  ({money(total)} so far)" if total.cost else ""
    tokens = (
        counted(total.input_tokens + total.output_tokens, "token") if total.input_tokens or total.output_tokens else ""
    )
    cached = f"{total.cached_tokens} of them cached" if total.cached_tokens else ""
    parts = [f"{counted(total.responses, 'model call')}, {total.answers_s:.1f} s of speech", tokens, cached]
    if total.transcribed_s:
        parts.append(f"{total.transcribed_s:.1f} s transcribed")
    if total.cost is not None:
        parts.append(f"{money(total)} priced by {total.prices}")
    return f"Usage: {', '.join(translated(part) for part in parts if part)}."


def money(total: UsageTotal) -> str:
    """Return what a session costs so far, and how sure that is."""
    amount = f"{total.cost or 0.0:.4f} {total.currency}"
    budget = translated(f" of {total.budget:g}") if total.budget is not None else ""
    return f"{'' if total.complete else 'at least '}{'about ' if total.estimated else ''}{amount}{budget}"


def summary_line(summary: Summary) -> str:
    """Return the last line of a session."""
    parts = [f"{counted(summary.turns, 'turn')} in {summary.duration_s:.1f} s", counted(summary.xruns, "xrun")]
    if summary.dropped_blocks:
        parts.append(f"{counted(summary.dropped_blocks, 'microphone block')} dropped")
    if summary.reconnects:
        parts.append(f"reconnected {counted(summary.reconnects, 'time')}")
    if summary.dropped_outage_ms:
        parts.append(f"{summary.dropped_outage_ms / 1000:.1f} s of the microphone dropped in outages")
    if summary.devices_lost:
        parts.append(f"devices lost {counted(summary.devices_lost, 'time')}")
    if summary.dropped_answer_ms:
        parts.append(f"{summary.dropped_answer_ms / 1000:.1f} s of answers dropped for want of a speaker")
    playback = summary.playback
    if playback.late_starts:
        parts.append(f"{counted(playback.late_starts, 'late start')} ({playback.late_start_ms} ms)")
    if playback.underruns:
        parts.append(f"{counted(playback.underruns, 'underrun')} ({playback.underrun_ms} ms)")
    if playback.late_starts or playback.underruns:
        parts.append(f"playout delay {playback.playout_delay_ms} ms")
    if (erle_db := summary.processing.erle_db) is not None:
        parts.append(f"echo reduced by {erle_db:.0f} dB")
    for name, kind in (
        (word("answer"), "turn"),
        ("from your last word", "turn_heard"),
        (word("barge-in"), "barge_in"),
        ("microphone to wire", "capture_to_wire"),
    ):
        latency_ms = summary.latency.get(f"{kind}_ms")
        if latency_ms is not None:
            parts.append(f"{translated(name)} {_rounded(latency_ms):g} ms")
    return f"End ({summary.reason}): {', '.join(map(translated, parts))}."


def time_text(seconds: float) -> str:
    """Return a duration, in milliseconds below one second.

    Example:
        >>> time_text(0.0421), time_text(2.345)
        ('42 ms', '2.3 s')
    """
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _rounded(latency_ms: float) -> float:
    """Tenths below ten: the microphone's blocks are on the wire within one."""
    return round(latency_ms, 1 if latency_ms < 9.95 else None)


def describe_stream(info: StreamInfo) -> list[str]:
    """The microphone, the speaker, and what there is to say about either."""
    sides = ((word("Microphone"), info.input), (word("Speaker"), info.output))
    lines: list[str] = [_side(translated(name), side) for name, side in sides if side]
    if not info.native:
        lines.append("Degraded: Python runs on the audio thread of this backend.")
    return [*lines, *(f"Note: {note}" for note in info.notes)]


def _side(name: str, side: StreamSide) -> Said:
    return filled(
        "{name}: {device}{api}, {rate_hz} Hz, {channels}, latency {latency_ms:.0f} ms.",
        name=name,
        device=side.device,
        api=f" ({side.host_api})" if side.host_api else "",
        rate_hz=side.rate_hz,
        channels=counted(side.channels, "channel"),
        latency_ms=side.latency_ms,
    )
