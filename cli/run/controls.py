"""Controls of a conversation: what the keys do, and the status line of the terminal that shows it.

Space talks where turns are ended by a key, Tab mutes, and what is typed is said with Enter.
"""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Callable

from cli.run.talk_key import TalkKey
from cli.terminal.key_parser import KeyStroke, KnowsReleases, Named, Stroke
from cli.terminal.sanitize import printable
from cli.terminal.status_line import StatusLine
from engine.api.session import Session
from engine.audio.clock import loop_time_s
from engine.realtime.activity import Activity

_ANSWERS: dict[Named | str, bool] = {
    "y": True,
    "Y": True,
    "n": False,
    "N": False,
    Named.ESCAPE: False,
    Named.ENTER: False,
}
_UNREAD_S = 0.5
"""A question that has just appeared was not read: what is pressed so soon was meant for something else."""
_REDRAW_S = 0.2
_HINT = "Tab mutes; type and press Enter to write"


class Controls:
    """Takes strokes, one after the other."""

    def __init__(self, session: Session, line: StatusLine, *, by_key: bool, listens: bool) -> None:
        self._session = session
        self._line = line
        self._by_key = by_key and listens
        self._listens = listens
        self._talk_key = TalkKey()
        self._deciding: asyncio.TimerHandle | None = None
        self._typed = ""
        self._questions: deque[tuple[str, Callable[[bool], None]]] = deque()
        self._shown: tuple[str, Callable[[bool], None]] | None = None
        """The question in the status line."""
        self._shown_at_s = 0.0
        self._redrawing: asyncio.TimerHandle | None = None

    def ask(self, question: str, answered: Callable[[bool], None]) -> None:
        """Let the status line ask something; `answered` is told whether y was pressed, or a key that says no."""
        self._questions.append((question, answered))
        self.show()

    def withdraw(self) -> None:
        """Forget all questions that wait."""
        self._questions.clear()
        self.show()

    def take(self, stroke: KeyStroke | KnowsReleases) -> None:
        """Do what the key means."""
        if isinstance(stroke, KnowsReleases):
            self._talk_key.reports_release = True
        elif self._shown is not None and (yes := _ANSWERS.get(stroke.key)) is not None:
            if stroke.stroke is Stroke.PRESSED and loop_time_s() - self._shown_at_s >= _UNREAD_S:
                self._questions.popleft()[1](yes)
        elif stroke.key == " " and self._by_key and (self._talk_key.held or not self._typed):
            self._take_talk_key(stroke.stroke)
        elif stroke.stroke is not Stroke.RELEASED:
            self._take_press(stroke)
        self.show()

    def close(self) -> None:
        """Leave the status line."""
        for timer in (self._deciding, self._redrawing):
            if timer is not None:
                timer.cancel()
        self._line.close()

    def _take_press(self, stroke: KeyStroke) -> None:
        match stroke.key:
            case Named.TAB if stroke.stroke is Stroke.PRESSED and self._listens:
                self._session.mute(not self._session.muted)
            case Named.ENTER:
                text, self._typed = self._typed.strip(), ""
                if text:
                    self._session.send_text(text)
            case Named.BACKSPACE:
                self._typed = self._typed[:-1]
            case Named.ERASE_WORD:
                self._typed = self._typed[: self._typed.rstrip().rfind(" ") + 1]
            case Named.ERASE_LINE | Named.ESCAPE:
                self._typed = ""
            case Named.END if not self._typed:
                self._session.stop("ended by the user")
            case Named.INTERRUPT:
                signal.raise_signal(signal.SIGINT)
            case str(text) if text.strip() or self._typed:
                self._typed += text

    def _take_talk_key(self, stroke: Stroke) -> None:
        if stroke is Stroke.RELEASED:
            self._talk_key.release()
        else:
            self._talk_key.press(asyncio.get_running_loop().time())
        self._talk()

    def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        self._session.talk(self._talk_key.held)
        if self._deciding is not None:
            self._deciding.cancel()
        if self._talk_key.decide_at_s is not None:
            self._deciding = loop.call_at(self._talk_key.decide_at_s, self._decide)

    def _decide(self) -> None:
        # A timer of the loop may fire a clock tick early.
        self._talk_key.decide(max(asyncio.get_running_loop().time(), self._talk_key.decide_at_s or 0.0))
        self._talk()
        self.show()

    def show(self) -> None:
        """Draw the status line."""
        shown = self._questions[0] if self._questions and not self._typed else None
        if shown is not self._shown:
            self._shown, self._shown_at_s = shown, loop_time_s()
        if shown is not None:
            self._line.show(printable(shown[0]))
            return
        self._line.show(f"{self._state()}> {self._typed}" if self._typed else f"{self._state()}({self._hint()})")

    def follow(self) -> None:
        """Draw the status line now and from time to time: most of what it says changes without a key."""
        self.show()
        self._redrawing = asyncio.get_running_loop().call_later(_REDRAW_S, self.follow)

    def _state(self) -> str:
        activity = self._session.activity
        if self._talk_key.held:
            return "talking "
        if not self._listens or self._by_key:
            return "" if activity is Activity.LISTENING else f"{activity} "
        if self._session.muted:
            return "muted " if activity is Activity.LISTENING else f"muted, {activity} "
        return f"{activity} "

    def _hint(self) -> str:
        if not self._listens:
            return "type and press Enter; Ctrl+D ends"
        if not self._by_key:
            return "Tab listens again" if self._session.muted else _HINT
        how = "hold" if self._talk_key.reports_release else "tap"
        if self._talk_key.held:
            return "let go when you have spoken" if self._talk_key.reports_release else "tap Space when you have spoken"
        return f"{how} Space to talk; {_HINT.replace('mutes', 'unmutes') if self._session.muted else _HINT}"
