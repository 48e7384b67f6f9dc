"""The conversation on the terminal: what the person said, what the agent says as it says it, tools and errors."""

from __future__ import annotations

from typing import IO

from cli.errors import on_command_line
from cli.terminal.sanitize import printable, spoken
from cli.terminal.status_line import StatusLine
from cli.terminal.writer import BackgroundWriter
from cli.view.lines import Remark, loss_line, remark_line
from engine.realtime.session_events import (
    AgentText,
    AgentTextCut,
    AgentTextDelta,
    AnswerDropped,
    BargeIn,
    DeviceFound,
    DeviceLost,
    ErrorShown,
    FirstAudio,
    Reconnected,
    Reconnecting,
    SessionEvent,
    SessionStarted,
    Summary,
    UserTranscript,
    UserTyped,
    Xrun,
)

_DIM, _BOLD, _RED, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[0m"

_MAX_WAITING = 20


class Screen:
    """An observer that prints the conversation to one stream, and everything about it to another or the same.

    Example:
        >>> import sys
        >>> screen = Screen(sys.stdout)
        >>> screen(UserTyped("What time is it?"), 0.0)
        You:   What time is it?
    """

    def __init__(self, talk: IO[str] | BackgroundWriter, about: IO[str] | BackgroundWriter | None = None) -> None:
        """Print to `talk` what is said, and to `about` the rest; without it, all to `talk`."""
        self._talk = StatusLine(talk)
        self.status = self._talk if about is None else StatusLine(about)
        self._open_item: str | None = None
        self._waiting: list[str] = []
        """Remarks that came in the middle of the agent's line."""
        self._xruns_shown = False
        self._last_response = ""
        """Response of the newest line of the agent's."""
        self.greeting = ""
        """Said once the session has begun."""

    def say(self, text: str) -> None:
        """Print a remark of our own, such as which device was taken; not in the middle of the agent's line."""
        self._note(printable(text))

    def _note(self, text: str) -> None:
        if self._open_item is None:
            self._about(_styled(self.status, _DIM, text))
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting.append(text)

    def insist(self, text: str) -> None:
        """Print a line at once, and end the agent's for it."""
        self._end_line()
        self.say(text)

    def __call__(self, event: SessionEvent, _: float) -> None:
        """Show one session event."""
        match event:
            case SessionStarted(session_id, provider, model):
                self.say(f"Session {session_id or 'without id'} ({', '.join(filter(None, (provider, model)))}).")
                greeting, self.greeting = self.greeting, ""
                self._remark(greeting)
            case UserTranscript(text) | UserTyped(text):
                self._end_line()
                self._talk.write(f"{_styled(self._talk, _BOLD, 'You:')}   {spoken(text)}\n")
            case AgentTextDelta(text, item_id, response_id):
                self._last_response = response_id
                self._delta(text, item_id)
            case AgentText():
                self._end_line()
            case _ if isinstance(event, Remark):
                self._remark(remark_line(event))
            case FirstAudio(response_id, latency_ms) if latency_ms is not None:
                self._first_sound(response_id, f"  (first sound {latency_ms:.0f} ms after the end of your words)")
            case BargeIn(heard_ms, item_id):
                self._end_line(of_item=item_id)
                self.say(f"  (the agent was interrupted; {heard_ms / 1000:.2f} s was heard)")
            case AgentTextCut(text, item_id):
                self._end_line(of_item=item_id)
                self._note(f"  (heard of it: {spoken(text)}\u2014)" if text else "  (none of it was heard)")
            case Reconnecting() | Reconnected() | DeviceLost() | DeviceFound() | AnswerDropped():
                self._end_line()
                self._remark(loss_line(event))
            case Xrun() if not self._xruns_shown:
                self._xruns_shown = True
                side = "microphone" if event.side == "input" else "speaker"
                self.say(f"  (sound of the {side} was lost for a moment; the summary counts how often)")
            case ErrorShown(message, _, fatal) if not fatal:
                self._end_line()
                self._about(f"{_styled(self.status, _RED, 'Error:')} {printable(on_command_line(message))}")
            case Summary():
                self._end_line()
                self._summary(event)

    def _remark(self, text: str) -> None:
        if text:
            self.say(text)

    def _first_sound(self, response_id: str, line: str) -> None:
        if response_id == self._last_response or self._talk is not self.status:
            self.say(line)
        else:
            self._waiting.append(line)  # it belongs below the words, which are on their way

    def _delta(self, text: str, item_id: str) -> None:
        if self._open_item != item_id:
            if self._open_item is not None:
                self._end_line()
            self._talk.write(f"{_styled(self._talk, _BOLD, 'Agent:')} ")
            self._open_item = item_id
        self._talk.write(spoken(text))

    def _summary(self, summary: Summary) -> None:
        parts = [f"{_counted(summary.turns, 'turn')} in {summary.duration_s:.1f} s", _counted(summary.xruns, "xrun")]
        if summary.dropped_blocks:
            parts.append(f"{_counted(summary.dropped_blocks, 'microphone block')} dropped")
        if summary.reconnects:
            parts.append(f"reconnected {_counted(summary.reconnects, 'time')}")
        if summary.dropped_outage_ms:
            parts.append(f"{summary.dropped_outage_ms / 1000:.1f} s of the microphone dropped in outages")
        if summary.devices_lost:
            parts.append(f"devices lost {_counted(summary.devices_lost, 'time')}")
        if summary.dropped_answer_ms:
            parts.append(f"{summary.dropped_answer_ms / 1000:.1f} s of answers dropped for want of a speaker")
        playback = summary.playback
        if playback.late_starts:
            parts.append(f"{_counted(playback.late_starts, 'late start')} ({playback.late_start_ms} ms)")
        if playback.underruns:
            parts.append(f"{_counted(playback.underruns, 'underrun')} ({playback.underrun_ms} ms)")
        if playback.late_starts or playback.underruns:
            parts.append(f"playout delay {playback.playout_delay_ms} ms")
        if (erle_db := summary.processing.erle_db) is not None:
            parts.append(f"echo reduced by {erle_db:.0f} dB")
        for name, kind in (
            ("answer", "turn"),
            ("from your last word", "turn_heard"),
            ("barge-in", "barge_in"),
            ("microphone to wire", "capture_to_wire"),
        ):
            latency_ms = summary.latency.get(f"{kind}_ms")
            if latency_ms is not None:
                parts.append(f"{name} {_rounded(latency_ms)} ms")
        self.say(f"End ({summary.reason}): {', '.join(parts)}.")

    def _about(self, line: str) -> None:
        self.status.write(f"{line}\n")

    def _end_line(self, of_item: str | None = None) -> None:
        """End the agent's line; with `of_item`, unless it is another's, whose words go on."""
        if of_item not in (None, self._open_item):
            return
        if self._open_item is not None:
            self._open_item = None
            self._talk.write("\n")
        remarks, self._waiting = self._waiting, []
        for remark in remarks:
            self._note(remark)


def _styled(line: StatusLine, style: str, text: str) -> str:
    return f"{style}{text}{_PLAIN}" if line.is_terminal else text


def _rounded(latency_ms: float) -> str:
    """Tenths below ten: the microphone's blocks are on the wire within one."""
    return f"{latency_ms:.1f}" if latency_ms < 9.95 else f"{latency_ms:.0f}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
