"""Controls of a conversation: what keys do and what typed lines mean.

Characters always type. What is done without words is a key that is no character, or a line that begins with a slash.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import Callable
from typing import Any

from blessed.line_editor import DEFAULT_KEYMAP, LineEditor
from rich.text import Text

from cli.devices.device_choice import DeviceChoice
from cli.run.commands import ENDED, UNREAD_S, LineCommands, completed, hint, question
from cli.run.talk_key import TalkKey
from cli.terminal.key_parser import Key, KnowsReleases, Stroke
from cli.view.live_screen import LiveScreen
from cli.view.panel import flowed
from engine.api.session import Session
from engine.audio.clock import loop_time_s
from engine.errors import NotOpenError, VoiceError

_ANSWERS = {"y": True, "Y": True, "n": False, "N": False, "KEY_ESCAPE": False, "KEY_ENTER": False}
_VOLUME_STEP_DB = 2.0
_PROMPT = "> "
_EDITING: dict[str, Any] = {
    "KEY_RIGHT": DEFAULT_KEYMAP["KEY_CTRL_F"],  # a line of before is never taken over by an arrow
    "KEY_ALT_B": DEFAULT_KEYMAP["KEY_CTRL_LEFT"],
    "KEY_ALT_F": DEFAULT_KEYMAP["KEY_CTRL_RIGHT"],
    "KEY_ALT_BACKSPACE": DEFAULT_KEYMAP["KEY_CTRL_W"],
}


class Controls:
    """Takes keys, one after the other, and says what belongs on the last line."""

    def __init__(self, session: Session, screen: LiveScreen) -> None:
        self._session = session
        self._screen = screen
        self._listens = session.listens
        self._by_key = session.by_key and session.listens
        self._talk_key = TalkKey()
        self._deciding: asyncio.TimerHandle | None = None
        self._editor = LineEditor(limit=0, keymap=_EDITING)
        self._questions: deque[tuple[str, Callable[[bool], None]]] = deque()
        self._shown: tuple[str, Callable[[bool], None]] | None = None
        """The question on the last line."""
        self._shown_at_s = 0.0
        self._choice: DeviceChoice | None = None
        self._commands = LineCommands(session, screen, self._begin_choice)
        self._keys: dict[str, Callable[[], None]] = {
            "KEY_ESCAPE": session.interrupt,
            "KEY_TAB": self._complete_or_mute,
            "KEY_F1": self._commands.help,
            "KEY_CTRL_C": lambda: signal.raise_signal(signal.SIGINT),
        }
        self._on_empty_line: dict[str, Callable[[], None]] = {
            "KEY_CTRL_D": lambda: session.stop(ENDED),
            "KEY_UP": lambda: self._turn(_VOLUME_STEP_DB),
            "KEY_DOWN": lambda: self._turn(-_VOLUME_STEP_DB),
        }
        screen.prompt = self._prompt

    def ask(self, text: str, answered: Callable[[bool], None]) -> None:
        """Let the last line ask something; `answered` is told whether y was pressed, or a key that says no."""
        self._questions.append((text, answered))
        self._screen.draw()

    def withdraw(self) -> None:
        """Forget all questions that wait."""
        self._questions.clear()
        self._screen.draw()

    def take(self, key: Key | KnowsReleases) -> None:
        """Do what the key means; nothing where the session has just ended."""
        with contextlib.suppress(NotOpenError):
            self._take(key)
        self._screen.draw()

    def _take(self, key: Key | KnowsReleases) -> None:
        if isinstance(key, KnowsReleases):
            self._talk_key.reports_release = True
        elif self._choice is not None:
            self._choose(key)
        elif self._asks and (yes := _ANSWERS.get(key.name or key.text)) is not None:
            if key.stroke is Stroke.PRESSED and loop_time_s() - self._shown_at_s >= UNREAD_S:
                self._questions.popleft()[1](yes)
        elif (
            key == Key(text=" ", stroke=key.stroke) and self._by_key and (self._talk_key.held or not self._editor.line)
        ):
            self._take_talk_key(key.stroke)
        elif key.stroke is not Stroke.RELEASED:
            self._press(key)

    def close(self) -> None:
        """Take no more keys."""
        if self._deciding is not None:
            self._deciding.cancel()

    @property
    def _asks(self) -> bool:
        """Whether a question stands on the last line."""
        return self._shown is not None and not self._editor.line

    def _press(self, key: Key) -> None:
        empty = not self._editor.line
        if (do := self._keys.get(key.name) or (self._on_empty_line.get(key.name) if empty else None)) is not None:
            if key.stroke is Stroke.PRESSED or key.name in self._on_empty_line:
                do()
        elif key.text:
            if key.text.strip() or not empty:
                self._editor.insert_text(key.text)
        else:
            pressed: Any = key  # all that the editor wants of a key is its name
            if (line := self._editor.feed_key(pressed).line) is not None and line.strip():
                self._commands.enter(line.strip())

    def _complete_or_mute(self) -> None:
        if not self._editor.line.startswith("/"):
            self._commands.mute()
        elif len(found := completed(self._editor.line)) == 1:
            self._editor.insert_text(found[0][len(self._editor.line) :])

    def _turn(self, by_db: float) -> None:
        self._session.monitor.volume_db += by_db

    def _begin_choice(self) -> None:
        try:
            self._choice = DeviceChoice(self._session)
        except VoiceError as error:
            self._screen.insist(str(error))

    def _choose(self, key: Key) -> None:
        choice, self._choice = self._choice, None
        if choice is not None:
            try:
                self._choice = choice if key.stroke is Stroke.RELEASED or choice.take(key.name or key.text) else None
            except VoiceError as error:
                self._screen.insist(str(error))

    def _take_talk_key(self, stroke: Stroke) -> None:
        if stroke is Stroke.RELEASED:
            self._talk_key.release()
        else:
            self._talk_key.press(asyncio.get_running_loop().time())
        self._talk()

    def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        self._session.talk(self._talk_key.held)
        self._screen.talks = self._talk_key.held
        if self._deciding is not None:
            self._deciding.cancel()
        if self._talk_key.decide_at_s is not None:
            self._deciding = loop.call_at(self._talk_key.decide_at_s, self._decide)

    def _decide(self) -> None:
        # A timer of the loop may fire a clock tick early.
        self._talk_key.decide(max(asyncio.get_running_loop().time(), self._talk_key.decide_at_s or 0.0))
        self._talk()
        self._screen.draw()

    def _prompt(self, columns: int, rows: int) -> tuple[list[Text], int | None]:
        """Return the last line, or a list to choose from, and where the cursor is."""
        if self._choice is not None:
            return self._choice.lines(columns, rows), None
        shown = self._questions[0] if self._questions and not self._editor.line else None
        if shown is not self._shown:
            self._shown, self._shown_at_s = shown, loop_time_s()
        if shown is not None:
            return [question(shown[0])], None
        if self._editor.line:
            return self._typed(columns)
        held, releases = self._talk_key.held, self._talk_key.reports_release
        listens, muted = self._listens, self._session.muted
        words = hint(listens=listens, muted=muted, by_key=self._by_key, held=held, releases=releases)
        return [Text.assemble((_PROMPT, "bold"), flowed(words, columns - len(_PROMPT))[0])], len(_PROMPT)

    def _typed(self, columns: int) -> tuple[list[Text], int]:
        editor = self._editor
        editor.max_width = columns - len(_PROMPT) - 1
        seen = editor.display
        left, right = ("…" if cut else "" for cut in (seen.overflow_left, seen.overflow_right))
        line = Text.assemble((_PROMPT, "bold"), left, seen.text, right)
        if (found := completed(editor.line)) and found != [editor.line]:
            line.append(f"  Tab: {' '.join(found)}", "dim")
        return [line], len(_PROMPT) + seen.cursor
