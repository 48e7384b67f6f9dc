"""Answers: the one record of each item of the agent, from its first word or sound to what was heard of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from engine.audio.playback.segments import Heard, ItemKey
from engine.realtime.conversation.actions import Action, EndAudio, Show
from engine.realtime.conversation.heard_text import heard_parts
from engine.realtime.protocol.client_items import agent_text_item
from engine.realtime.protocol.server_events import TextDelta, TextDone
from engine.realtime.session_events import AgentText, AgentTextCut, AgentTextDelta


class Audio(Enum):
    """State of a part's audio."""

    NONE = auto()
    PLAYED = auto()
    """Some of it went to the player, and more may come."""
    COMPLETE = auto()


@dataclass(slots=True)
class AnswerPart:
    """One content part of an answer."""

    text: str = ""
    """The part of it that has come."""
    text_complete: bool = False
    audio: Audio = Audio.NONE
    heard: Heard | None = None
    """The audio that had come and that was heard, once it was cut."""


@dataclass(slots=True)
class Answer:
    """One item of the agent; its parts are numbered by their content index.

    Example:
        >>> answer = Answer("item_1", "resp_1")
        >>> answer.take_text(TextDelta("resp_1", "item_1", 0, "Hello there."))
        [Show(notice=AgentTextDelta(text='Hello there.', item_id='item_1', response_id='resp_1'))]
        >>> answer.play(0)
        >>> answer.cut([Heard(ItemKey("item_1", 0), heard_ms=500, received_ms=1000)])
        [Show(notice=AgentTextCut(text='Hello', item_id='item_1', heard_ms=500))]
    """

    item_id: str
    response_id: str
    parts: defaultdict[int, AnswerPart] = field(default_factory=lambda: defaultdict(AnswerPart))
    heard_text: str | None = None
    """The part of its text that was heard, once it was cut."""
    is_spoken_text: bool | None = None
    """The text that is taken of two: some servers send the same words as text and as the transcript of their audio."""

    @property
    def text(self) -> str:
        """Its words, as far as they have come and the person has not prevented them from being heard."""
        if self.heard_text is not None:
            return self.heard_text
        return " ".join(part.text.strip() for _, part in sorted(self.parts.items()) if part.text)

    def items(self) -> list[dict[str, Any]]:
        """The item that tells it to another server."""
        return [agent_text_item(self.text)] if self.text else []

    def line(self) -> str:
        """The line of a recap that tells it."""
        text = " ".join(self.text.split())
        return f"You: {text}" if text else ""

    def has_audio(self, besides: int | None = None) -> bool:
        """Whether the player was given anything of it, or anything but one part."""
        return any(part.audio is not Audio.NONE for index, part in self.parts.items() if index != besides)

    def take_text(self, event: TextDelta | TextDone) -> list[Action]:
        """Take a piece of a part's text, or all of it; return what to show. All at once is shown as a piece, too.

        Some servers say several times that a part's text is whole: once for each sentence.
        """
        if self.is_spoken_text is None:
            self.is_spoken_text = event.spoken
        part = self.parts[event.content_index]
        if self.is_spoken_text != event.spoken:
            return []
        if isinstance(event, TextDelta):
            if part.text_complete or not event.text:
                return []
            part.text += event.text
            return [Show(AgentTextDelta(event.text, self.item_id, self.response_id))]
        if part.text_complete:
            if event.text.strip() in part.text:
                return []
            part.text = f"{part.text.rstrip()} {event.text.strip()}"
        elif part.text or not event.text:
            part.text = event.text or part.text
            return self._end_text(part)
        else:
            part.text = event.text
        part.text_complete = True
        kinds = (AgentTextDelta, AgentText)
        return [Show(kind(event.text, self.item_id, self.response_id)) for kind in kinds]

    def play(self, content_index: int) -> None:
        """Note that audio of a part goes to the player."""
        self.parts[content_index].audio = Audio.PLAYED

    def end_audio(self, content_index: int) -> list[Action]:
        """Note that all audio of a part has come."""
        part = self.parts[content_index]
        if part.audio is not Audio.PLAYED:
            return []
        part.audio = Audio.COMPLETE
        return [EndAudio(ItemKey(self.item_id, content_index))]

    def finish(self) -> list[Action]:
        """End the parts whose end never came: their response has ended."""
        parts = sorted(self.parts.items())
        ends = [end for index, _ in parts for end in self.end_audio(index)]
        return ends + [shown for _, part in parts for shown in self._end_text(part)]

    def cut(self, heard: Iterable[Heard]) -> list[Action]:
        """Take how much was heard of the parts that were cut; return what to show of the text, if there is any."""
        for part_heard in heard:
            self.parts[part_heard.key.content_index].heard = part_heard
        texts = {index: part.text for index, part in self.parts.items() if part.text}
        if not texts:
            return []
        played = {index: part.heard for index, part in self.parts.items() if part.audio is not Audio.NONE}
        self.heard_text = heard_parts(texts, played)
        return [Show(AgentTextCut(self.heard_text, self.item_id, sum(cut.heard_ms for cut in played.values() if cut)))]

    def sounded(self, sounding: Mapping[ItemKey, Heard], *, is_over: bool) -> str:
        """Return the part of its text that has sounded: all of it where it has no sound and its response is over.

        Args:
            sounding: What has sounded of the items that are not over.
            is_over: Whether no more of it will come.
        """
        if self.heard_text is not None:
            return self.heard_text
        played = {
            index: sounding.get(ItemKey(self.item_id, index))
            for index, part in self.parts.items()
            if part.audio is not Audio.NONE
        }
        texts = {index: part.text for index, part in self.parts.items() if part.text}
        if not played:
            return self.text if is_over else ""
        return heard_parts(texts, played)

    def _end_text(self, part: AnswerPart) -> list[Action]:
        if part.text_complete or not part.text:
            return []
        part.text_complete = True
        return [Show(AgentText(part.text, self.item_id, self.response_id))]
