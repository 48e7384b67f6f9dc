"""The conversation in plain lines: what the person said, what the agent says as it says it, tools and errors."""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING

from cli.errors import on_command_line
from cli.language.spoken import Said, translated, word
from cli.terminal.sanitize import printable, spoken
from cli.terminal.writer import BackgroundWriter
from cli.view.lines import Remark, loss_line, remark_line, summary_line, time_text, xrun_line
from engine.realtime.protocol.errors import ServerWords
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
    ToolCalled,
    ToolReturned,
    UserTranscript,
    UserTyped,
    Xrun,
)

if TYPE_CHECKING:  # the first line is told before the engine is loaded
    from engine.api.session import Session

_MAX_WAITING = 20
YOU, AGENT, ERROR = word("You:"), word("Agent: "), word("Error: ")


def you() -> str:
    """Return the label of the person's words, as wide as that of the agent's."""
    return translated(YOU).ljust(len(translated(AGENT)))


class Screen:
    """An observer that prints the conversation to one stream, and everything about it to another or the same.

    Example:
        >>> import sys
        >>> screen = Screen(sys.stdout)
        >>> screen(UserTyped("What time is it?"), 0.0)
        You:   What time is it?
    """

    is_live = False
    """Whether it draws, so that keys can be shown."""

    def __init__(self, talk: IO[str] | BackgroundWriter, about: IO[str] | BackgroundWriter | None = None) -> None:
        """Print to `talk` what is said, and to `about` the rest; without it, all to `talk`."""
        self._talk = talk
        self._about = talk if about is None else about
        self._open_item: str | None = None
        self._waiting: list[str] = []
        """Remarks that came in the middle of the agent's line."""
        self._xruns_shown = False
        self._last_response = ""
        """Response of the newest line of the agent's."""
        self.greeting = ""
        """Said once the session has begun."""
        self._called_at_s: dict[str, float] = {}

    def follow(self, session: Session) -> contextlib.AbstractContextManager[None]:
        """Show what a session does without an event, until the block ends: on a live screen."""
        return contextlib.nullcontext()

    def interject(self, text: str) -> None:
        """Print lines from any thread, as a log does; the agent's goes on below them."""
        is_open = self._open_item is not None and self._talk is self._about
        self._print(self._about, f"\n{text}\n" if is_open else f"{text}\n")

    def wait_for(self, text: str) -> None:
        """Show, in any thread, what is waited for before the session is open; "" ends it. Plain lines show nothing."""

    def say(self, text: str) -> None:
        """Print a remark of our own, such as which device was taken; not in the middle of the agent's line."""
        self._note(printable(translated(text)))

    def _note(self, text: str) -> None:
        if self._open_item is None:
            self._print(self._about, f"{text}\n")
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting.append(text)

    def insist(self, text: str) -> None:
        """Print a line at once, and end the agent's for it."""
        self._end_line()
        self.say(text)

    def __call__(self, event: SessionEvent, at_s: float) -> None:
        """Show one session event."""
        match event:
            case SessionStarted(session_id, provider, model):
                self.say(f"Session {session_id or 'without id'} ({', '.join(filter(None, (provider, model)))}).")
                greeting, self.greeting = self.greeting, ""
                self._remark(greeting)
            case UserTranscript(text) | UserTyped(text):
                self._user(spoken(text), getattr(event, "item_id", None))
            case AgentTextDelta(text, item_id, response_id):
                self._last_response = response_id
                self._delta(spoken(text), item_id)
            case AgentText(_, item_id):
                self._complete(item_id)
            case _ if isinstance(event, Remark):
                took, line = self._duration(event, at_s), remark_line(event)
                self._remark(line and Said(translated(line) + translated(took)))
            case FirstAudio(response_id, latency_ms) if latency_ms is not None:
                self._first_sound(response_id, f"  (first sound {latency_ms:.0f} ms after the end of your words)")
            case BargeIn(heard_ms, item_id):
                self._interrupted(heard_ms, item_id)
            case AgentTextCut(text, item_id):
                self._cut(spoken(text), item_id)
            case Reconnecting() | Reconnected() | DeviceLost() | DeviceFound() | AnswerDropped() | Xrun():
                self._loss(event)
            case ErrorShown(message, _, fatal) if not fatal:
                is_server = isinstance(message, ServerWords)
                self._error(printable(message if is_server else translated(on_command_line(message))))
            case Summary():
                self._end(event)

    def _loss(self, event: Reconnecting | Reconnected | DeviceLost | DeviceFound | AnswerDropped | Xrun) -> None:
        if isinstance(event, Xrun):
            is_first, self._xruns_shown = not self._xruns_shown, True
            self._remark(xrun_line(event) if is_first else "")
        elif line := loss_line(event):
            self.insist(line)

    def _remark(self, text: str) -> None:
        if text:
            self.say(text)

    def _duration(self, event: Remark, at_s: float) -> str:
        """Return the time that a tool has taken, to be told with what it returned."""
        if isinstance(event, ToolCalled):
            self._called_at_s[event.call_id] = at_s
        elif isinstance(event, ToolReturned) and event.call_id in self._called_at_s:
            return f" ({time_text(at_s - self._called_at_s.pop(event.call_id))})"
        return ""

    def _user(self, text: str, item_id: str | None) -> None:
        """Show words of the person; those that were typed have no item."""
        self._end_line()
        self._print(self._talk, f"{you()}{text}\n")

    def _complete(self, item_id: str) -> None:
        """Note that an item has all of its text."""
        self._end_line()

    def _interrupted(self, heard_ms: int, item_id: str) -> None:
        self._end_line(of_item=item_id)
        self.say(f"  (the agent was interrupted; {heard_ms / 1000:.2f} s was heard)")

    def _cut(self, heard: str, item_id: str) -> None:
        """Show how much was heard of an item."""
        self._end_line(of_item=item_id)
        self._note(
            translated("  (heard of it: ") + f"{heard}\u2014)" if heard else translated("  (none of it was heard)")
        )

    def _error(self, text: str) -> None:
        self._end_line()
        self._print(self._about, f"{translated(ERROR)}{text}\n")

    def _end(self, summary: Summary) -> None:
        self._end_line()
        self.say(summary_line(summary))

    def _first_sound(self, response_id: str, line: str) -> None:
        if response_id == self._last_response or self._talk is not self._about:
            self.say(line)
        else:
            self._waiting.append(line)  # it belongs below the words, which are on their way

    def _delta(self, text: str, item_id: str) -> None:
        if self._open_item != item_id:
            if self._open_item is not None:
                self._end_line()
            text = f"{translated(AGENT)}{text}"
            self._open_item = item_id
        self._print(self._talk, text)

    def _print(self, out: IO[str] | BackgroundWriter, text: str) -> None:
        out.write(text)
        out.flush()

    def _end_line(self, of_item: str | None = None) -> None:
        """End the agent's line; with `of_item`, unless it is another's, whose words go on."""
        if of_item not in (None, self._open_item):
            return
        if self._open_item is not None:
            self._open_item = None
            self._print(self._talk, "\n")
        remarks, self._waiting = self._waiting, []
        for remark in remarks:
            self._note(remark)
