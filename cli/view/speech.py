"""The agent's words: they come before they sound, and an interruption keeps some from being heard."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from cli.language.spoken import translated
from cli.view.screen import AGENT


@dataclass(slots=True)
class Speech:
    """One item of the agent's, as far as it has come, has sounded, and stands in the terminal's history.

    Example:
        >>> speech = Speech("item_1", "Well, hello there.")
        >>> speech.sounded("Well,")
        >>> speech.rest.plain, speech.is_over
        ('Agent: Well,', False)
        >>> speech.cut("Well, hello")
        >>> speech.rest.plain, speech.is_over
        ('Agent: Well, hello— there.', True)
    """

    item_id: str
    text: str = ""
    is_whole: bool = False
    """All of its text has come."""
    _shown: int = 0
    _heard: int | None = None
    """The length that was heard, once it was cut."""
    _printed: int = 0

    def sounded(self, words: str) -> None:
        """Take the words that have sounded so far; what is shown is never taken back."""
        leading = len(self.text) - len(self.text.lstrip())
        self._shown = max(self._shown, min(len(self.text), leading + len(words)))

    def cut(self, heard: str | None = None) -> None:
        """Take the words that were heard and no others will be; without them, what has sounded."""
        if heard is not None:
            self.sounded(heard)
        if self._shown < len(self.text.rstrip()):
            self._heard = self._shown
        self.is_whole, self._shown = True, len(self.text)

    @property
    def is_over(self) -> bool:
        """Whether all of it can be printed."""
        return self.is_whole and self._shown >= len(self.text.rstrip())

    @property
    def has_begun(self) -> bool:
        """Whether some of it stands in the terminal's history."""
        return self._printed > 0

    @property
    def rest(self) -> Text:
        """The part of it that is to be seen and does not stand in the history yet."""
        heard = self._shown if self._heard is None else self._heard
        line = Text.assemble((translated(AGENT), "bold"), self.text[:heard])
        if self._heard is not None:
            line.append("—").append(self.text[heard:].rstrip(), "dim strike")
        rest = line[self._printed :] if self._shown or self._heard is not None else Text()
        white = len(rest.plain) - len(rest.plain.lstrip())
        return rest[white:] if white and self._printed else rest

    def print(self, length: int) -> None:
        """Note that so much more stands in the history; white space between rows does not count."""
        before = self._printed
        label_and_text = f"{translated(AGENT)}{self.text}"
        while before and label_and_text[before : before + 1].isspace():
            before += 1
        self._printed = before + length
