"""The conversation on a terminal that can be drawn on: what is over scrolls away, what goes on is live at the bottom.

The agent's words come as they sound. What an interruption kept from being heard is struck through.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from cli.language.spoken import translated
from cli.terminal.live_area import LiveArea
from cli.terminal.sanitize import printable, spoken
from cli.terminal.writer import BackgroundWriter
from cli.view.lines import summary_line
from cli.view.panel import Panel
from cli.view.screen import ERROR, Screen, you
from cli.view.speech import Speech
from engine.realtime.session_events import SessionEvent, Summary, UsageTotal, UserSpeech, UserTranscriptDelta

if TYPE_CHECKING:  # the first line is told before the engine is loaded
    from engine.api.session import Session

FRAME_S = 0.1
_LEAST_LIVE = 2
"""Rows of what the agent is saying that stay live on the lowest terminal."""


class LiveScreen(Screen):
    """An observer that prints the conversation above a few live lines."""

    is_live = True

    def __init__(self, area: LiveArea, out: BackgroundWriter, about: BackgroundWriter | None = None) -> None:
        """Draw on `area`, which is on `out`; what is said about the conversation goes to `about`, if that differs."""
        super().__init__(out, about)
        self.area = area
        self._panel = Panel()
        self._blocks: deque[Text | Speech] = deque()
        """The first one that goes on, and all that waits behind it, in order."""
        self._hearing: dict[str, str] = {}
        """Words of the person, as far as the server has understood them, by item."""
        self._session: Session | None = None
        self.talks = False
        """Whether the key that talks is held."""
        self.prompt: Callable[[int, int], tuple[list[Text], int | None]] = lambda columns, rows: ([], None)
        """Lines that belong at the bottom of a terminal of that size, and the column of the cursor in the last."""

    @contextlib.contextmanager
    def follow(self, session: Session) -> Iterator[None]:
        """Draw ten times a second what a session does, until the block ends."""
        self._session = session
        loop, timer = asyncio.get_running_loop(), None

        def again() -> None:
            nonlocal timer
            timer = loop.call_later(FRAME_S, again)
            self.draw()

        again()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            self._session = None
            self._cut_all()
            self.area.close()

    def draw(self) -> None:
        """Draw the live lines, if there are any."""
        session = self._session
        if session is None:
            return
        self._listen(session)
        columns, rows = self.area.columns, self.area.rows
        prompt, cursor = self.prompt(columns, rows)
        below = [*self._panel.lines(session, columns, rows, talks=self.talks), *prompt]
        self.area.show(*self._going_on(rows - len(below) - 2), *below, cursor=cursor)

    def wait_for(self, text: str) -> None:
        """Show what is waited for, with the cursor: nobody gives it back where the process is ended meanwhile."""
        if text:
            line = Text(translated(text), "dim")
            self.area.show(line, cursor=line.cell_len)
        else:
            self.area.close()

    def interject(self, text: str) -> None:
        """Print lines from any thread."""
        if self._about is self._talk:
            self.area.write(text)
        else:
            super().interject(text)

    def insist(self, text: str) -> None:
        """Print a line at once, in the middle of what the agent is saying."""
        self._at_once(Text(printable(translated(text)), "dim"))

    def __call__(self, event: SessionEvent, at_s: float) -> None:
        """Show one session event."""
        self._panel(event, at_s)
        match event:
            case UserTranscriptDelta(text, item_id):
                self._hearing[item_id] = self._hearing.get(item_id, "") + spoken(text)
            case UserSpeech(started=True):
                self._hearing.clear()  # what of the turn before was never transcribed
            case UsageTotal(final=False):
                pass  # the panel shows it
            case _:
                super().__call__(event, at_s)

    def _note(self, text: str) -> None:
        if self._about is not self._talk:
            super()._note(text)
        else:
            self._put(Text(text, "dim"))

    def _error(self, text: str) -> None:
        if self._about is not self._talk:
            super()._error(text)
        else:
            self._at_once(Text.assemble((translated(ERROR), "bold red"), text))

    def _user(self, text: str, item_id: str | None) -> None:
        line = Text.assemble((you(), "bold"), text)
        self._hearing.pop(item_id or "", None)
        # A transcript may come when its answer has begun to sound: it stands above that as long as it can.
        place = next((at for at, block in enumerate(self._blocks) if isinstance(block, Speech)), None)
        answer = None if place is None else self._blocks[place]
        if place is None or item_id is None or (isinstance(answer, Speech) and answer.has_begun):
            self._put(line)
        else:
            self._blocks.insert(place, line)
            self._advance()

    def _delta(self, text: str, item_id: str) -> None:
        self._speech(item_id).text += text

    def _complete(self, item_id: str) -> None:
        self._speech(item_id).is_whole = True

    def _interrupted(self, heard_ms: int, item_id: str) -> None:
        """Leave it to the cut, which shows it."""

    def _cut(self, heard: str, item_id: str) -> None:
        self._speech(item_id).cut(heard)
        self._advance()

    def _first_sound(self, response_id: str, line: str) -> None:
        """Leave it to the panel."""

    def _end(self, summary: Summary) -> None:
        self._cut_all()
        self.say(summary_line(summary))

    def _speech(self, item_id: str) -> Speech:
        going_on = (block for block in self._blocks if isinstance(block, Speech) and block.item_id == item_id)
        speech = next(going_on, None)
        if speech is None:
            self._blocks.append(speech := Speech(item_id))
        return speech

    def _put(self, line: Text) -> None:
        self._blocks.append(line)
        self._advance()

    def _at_once(self, line: Text) -> None:
        head = self._blocks[0] if self._blocks else None
        if isinstance(head, Speech) and (rest := head.rest).plain:
            self.area.write(rest)
            head.print(len(rest.plain))
        self.area.write(line)

    def _advance(self) -> None:
        """Print what nothing that goes on stands before."""
        while self._blocks:
            head = self._blocks[0]
            if isinstance(head, Speech) and not head.is_over:
                return
            line = head.rest if isinstance(head, Speech) else head
            self._blocks.popleft()
            if line.plain.strip():
                self.area.write(line)

    def _cut_all(self) -> None:
        for block in self._blocks:
            if isinstance(block, Speech):
                block.cut()
        self._advance()

    def _listen(self, session: Session) -> None:
        """Take what has sounded of the items that go on."""
        is_heard = session.at_rest
        while self._blocks and isinstance(head := self._blocks[0], Speech):
            words = session.monitor.sounded(head.item_id)
            if words is not None:
                head.sounded(words)
            elif is_heard:
                head.sounded(head.text)
            if is_heard:
                head.cut()
            if not head.is_over:
                return
            self._advance()

    def _going_on(self, rows: int) -> list[Text]:
        """Lines of what the agent and the person are saying; what of it finds no room is printed."""
        lines: list[Text] = []
        if self._blocks and isinstance(head := self._blocks[0], Speech):
            lines = self.area.wrap(rest) if (rest := head.rest).plain else []
            excess = lines[: -max(_LEAST_LIVE, rows)] if len(lines) > max(_LEAST_LIVE, rows) else []
            for line in excess:
                self.area.write(line)
                head.print(len(line.plain))
            lines = lines[len(excess) :]
        for text in self._hearing.values():
            lines += self.area.wrap(Text.assemble((you(), "bold dim"), (text, "dim")))[-_LEAST_LIVE:]
        return [*lines, Text()] if rows > len(lines) + 1 else lines
