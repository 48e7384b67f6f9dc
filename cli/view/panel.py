"""The live lines below a conversation: state, levels, and the figures that a person wants to see while talking."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.text import Text

from cli.language.spoken import counted, translated, word
from cli.terminal.level_meter import bar
from cli.terminal.sanitize import printable
from cli.view.lines import money
from engine.audio.clock import loop_time_s
from engine.audio.types import ProcessingReport, StreamInfo
from engine.realtime.activity import Activity
from engine.realtime.session_events import (
    FirstAudio,
    Reconnecting,
    ResponseStarted,
    SessionEvent,
    SessionStarted,
    ToolCalled,
    ToolReturned,
    UsageTotal,
    Xrun,
)

if TYPE_CHECKING:  # the first line is told before the engine is loaded
    from engine.api.session import Session

_STATES = {Activity.HEARING: word("you"), Activity.SPEAKING: word("agent")}
"""States that are shown with another word than the engine's."""
_HOLD_S, _FALL_DB_PER_S = 1.5, 20.0
_LEAST_DB = -100.0
_WIDE, _LEAST_BAR, _MOST_BAR = 60, 4, 24
_SHORT_ROWS = 12
_DEVICE_CELLS = 24


@dataclass(slots=True)
class Meter:
    """One level as it is shown: it rises at once, falls at an even pace, and its peak is held for a while."""

    level_db: float = _LEAST_DB
    held_db: float = _LEAST_DB
    _held_at_s: float = 0.0
    _at_s: float = 0.0

    def take(self, level_db: float, now_s: float) -> None:
        """Take the level of now."""
        fall_db = _FALL_DB_PER_S * (now_s - self._at_s)
        self.level_db, self._at_s = max(level_db, self.level_db - fall_db, _LEAST_DB), now_s
        if now_s - self._held_at_s > _HOLD_S:
            self.held_db = max(self.held_db - fall_db, _LEAST_DB)
        if level_db >= self.held_db:
            self.held_db, self._held_at_s = level_db, now_s


@dataclass(slots=True)
class Panel:
    """An observer of a session that knows what to show of it."""

    _meters: tuple[Meter, Meter] = field(default_factory=lambda: (Meter(), Meter()))
    _latencies_ms: list[float] = field(default_factory=list)
    _tools: set[str] = field(default_factory=set)
    _reconnecting: str = ""
    _service: str = ""
    _cost: str = ""
    _xruns: int = 0

    def __call__(self, event: SessionEvent, _: float) -> None:
        """Take note of a session event."""
        match event:
            case SessionStarted(_, provider, model):
                self._service = printable(model or provider)
            case Reconnecting(attempt, of):
                self._reconnecting = f"reconnecting {attempt}/{of}"
            case FirstAudio(_, latency_ms) if latency_ms is not None:
                self._latencies_ms.append(latency_ms)
            case ToolCalled(_, _, call_id, False):
                self._tools.add(call_id)
            case ToolReturned(_, _, call_id):
                self._tools.discard(call_id)
            case ResponseStarted():
                self._tools.clear()
            case UsageTotal() if event.cost:
                self._cost = money(event)
            case Xrun():
                self._xruns += 1

    def lines(self, session: Session, columns: int, rows: int, *, talks: bool = False) -> list[Text]:
        """Return the lines for a terminal of that size.

        Args:
            session: Asked for its present state.
            columns: Longest line.
            rows: Height of the terminal: a low one gets less.
            talks: Whether the key that talks is held.
        """
        state = translated("you" if talks else self._state(session))
        levels = self._levels(session, columns, state)
        figures = flowed(self._figures(session), columns)
        return [*levels, *figures] if rows > _SHORT_ROWS else [levels[0], *figures[:1]]

    def _state(self, session: Session) -> str:
        activity = session.activity
        if activity is Activity.RECONNECTING:
            return self._reconnecting or str(activity)
        uses_tool = activity is Activity.THINKING and bool(self._tools)
        state = word("tool") if uses_tool else _STATES.get(activity, str(activity))
        if not session.muted or not session.listens:
            return state
        return word("muted") if activity is Activity.LISTENING else f"{state}, muted"

    def _levels(self, session: Session, columns: int, state: str) -> list[Text]:
        monitor, now_s = session.monitor, loop_time_s()
        levels = monitor.levels
        for meter, level_db in zip(self._meters, (levels.input_db, levels.output_db), strict=True):
            meter.take(level_db, now_s)
        has = [side is not None for side in (monitor.stream.input, monitor.stream.output)]
        names = translated("mic"), translated("spk")
        named = [pair for pair, there in zip(zip(names, self._meters, strict=True), has, strict=True) if there]
        head = Text.assemble((f"{state:<10}", "bold"))
        room = columns - head.cell_len if columns >= _WIDE else columns
        # Two spaces, a name and a figure of eight cells stand beside each bar.
        cells = max(_LEAST_BAR, min(_MOST_BAR, room // max(1, len(named)) - 14))
        meters = Text()
        for name, meter in named:
            meters.append_text(Text.assemble((f"  {name} ", "dim"), bar(meter.level_db, cells, meter.held_db)))
        if columns >= _WIDE:
            return [head.append_text(meters)]
        return [head, meters[2:]] if named else [head]

    def _figures(self, session: Session) -> list[str]:
        monitor = session.monitor
        figures = [self._service or str(Activity.CONNECTING)]
        if self._latencies_ms:
            median_ms = statistics.median(self._latencies_ms)
            figures.append(f"{self._latencies_ms[-1]:.0f} ms (median {median_ms:.0f})")
        if self._cost:
            figures.append(self._cost)
        figures.append(counted(self._xruns, "xrun"))
        if abs(monitor.volume_db) >= 0.5:
            figures.append(f"volume {monitor.volume_db:+.0f} dB")
        if session.listens:
            figures.append(echo_text(monitor.processing))
        return [translated(figure) for figure in [*figures, devices_text(monitor.stream)]]


def echo_text(report: ProcessingReport) -> str:
    """Words about the echo.

    Example:
        >>> echo_text(ProcessingReport(("WebRtc",), erle_db=21.4))
        'echo cancelled (21 dB)'
    """
    if report.erle_db is not None:
        return f"echo cancelled ({report.erle_db:.0f} dB)"
    return "echo cancelled" if {"WebRtc", "HalfDuplex"} & set(report.processors) else "echo off"


def devices_text(stream: StreamInfo) -> str:
    """Names of both sides.

    Example:
        >>> devices_text(StreamInfo("virtual", native=True, input=None, output=None))
        'no device'
    """
    names = [printable(side.device) for side in (stream.input, stream.output) if side is not None]
    short = [name if len(name) <= _DEVICE_CELLS else f"{name[: _DEVICE_CELLS - 1]}…" for name in names]
    return " → ".join(dict.fromkeys(short)) or "no device"


def flowed(figures: Sequence[str], columns: int) -> list[Text]:
    """Return lines of figures, each whole, with dots between them."""
    lines = [""]
    for figure in figures:
        joined = f"{lines[-1]} · {figure}" if lines[-1] else figure
        if lines[-1] and Text(joined).cell_len > columns:
            lines.append(figure)
        else:
            lines[-1] = joined
    return [Text(line, "dim") for line in lines]
