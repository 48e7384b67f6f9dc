"""The story of a recording: who said and did what, and when, as a person or another session wants to know it."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import Advice, InvalidInputError
from engine.realtime.conversation.answers import Answer
from engine.realtime.conversation.history import Entry, Said, Used
from engine.realtime.recording.files import EVENTS_FILE, HEARD_FILE
from engine.realtime.recording.tap import FORMAT

_Object = dict[str, Any]
_LONGEST_LINE = 1 << 27
_LARGEST = 1e15
"""No time, count or cost is larger: a file in which one is was not written by us."""
_LONGEST_S = 1e7
"""No conversation lasts for four months: a line of a later time, or of one before the beginning, is damaged."""
_OF_USE = re.compile(rb'"told": \{|"heard_s": |"input": "open"')
"""Marks of the lines that are parsed: one in ten."""


class Speaker(StrEnum):
    """Party of a conversation that says or does something."""

    USER = "user"
    AGENT = "agent"
    TOOL = "tool"


@dataclass(slots=True)
class Turn:
    """Something that was said, written or done."""

    speaker: Speaker
    at_s: float
    end_s: float
    text: str = ""
    """Words as far as they were heard; what a tool returned."""
    unheard: str = ""
    """The rest of an answer that was cut."""
    id: str = ""
    typed: bool = False
    response_id: str = ""
    latency_ms: float | None = None
    """From the end of the user's speech to the first sound."""
    heard_ms: int | None = None
    """Sound of an answer that was heard before it was cut."""
    tool: str = ""
    arguments: _Object = field(default_factory=dict)
    returned: bool = False
    failed: bool = False
    server_side: bool = False
    """The service called it by itself."""


class Story:
    """Everything that a recording tells, but for the sound itself.

    A recording whose process was killed ends in the middle of a line: what is whole is read.
    """

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            InvalidInputError: it is no recording, or cannot be read.
        """
        self.path = path
        self.events: list[tuple[float, _Object]] = []
        """Session events as JSON, with their times: of the sound, or since the beginning where there is none."""
        self._earlier: list[Entry] = []
        self.damaged = 0
        """Lines that cannot be read."""
        heard: list[tuple[float, float]] = []
        lines = self._lines()
        self.head = next(lines, {})
        if self.head.get("format") != FORMAT:
            raise InvalidInputError(f"{path} holds no recording that can be read.", fix=Advice.RECORDING)
        for line in lines:
            match line:
                case {"t": int() | float() as at_s, "told": {"type": str()} as event}:
                    self.events.append((at_s, event))
                case {"t": int() | float() as at_s, "heard_s": int() | float() as heard_s}:
                    heard.append((at_s, heard_s))
                case {"input": "open", "args": [_, list(earlier)]}:
                    self._earlier = [entry for told in earlier for entry in _entries(told)]
        self.events = [(_position_s(at_s, heard), event) for at_s, event in self.events]
        self.turns = _Turns(self.head).of(self.events)

    @property
    def history(self) -> list[Entry]:
        """Everything that another session must know to go on with the conversation."""
        said = [_entry(turn) for turn in self.turns if not turn.server_side]
        return [*self._earlier, *(entry for entry in said if entry.text is not None)]

    @property
    def sound(self) -> Path | None:
        """The file with the microphone on the left and the speaker on the right, if the sound was kept."""
        path = self.path / HEARD_FILE
        return path if path.is_file() else None

    @property
    def duration_s(self) -> float:
        """Time until the last thing that was told."""
        return self.events[-1][0] if self.events else 0.0

    def last(self, kind: str) -> _Object:
        """Return the newest session event of a type; an empty one where there is none."""
        return next((event for _, event in reversed(self.events) if event["type"] == kind), {})

    def _lines(self) -> Iterator[_Object]:
        try:
            with (self.path / EVENTS_FILE).open("rb") as file:
                for number, line in enumerate(iter(partial(file.readline, _LONGEST_LINE), b"")):
                    if not line.endswith(b"\n"):
                        return
                    if number == 0 or _OF_USE.search(line) or not line.endswith(b"}\n"):
                        yield self._parsed(line)
        except OSError as error:
            what = f"The recording {self.path} cannot be read: {error.strerror}."
            raise InvalidInputError(what, fix=Advice.RECORDING) from None

    def _parsed(self, line: bytes) -> _Object:
        try:
            value = json.loads(
                line, parse_float=_number, parse_int=lambda text: int(_number(text)), parse_constant=_number
            )
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and _is_time(value.get("t", 0)):
            return value
        self.damaged += 1
        return {}


def _position_s(at_s: float, heard: list[tuple[float, float]]) -> float:
    """The position in the sound at a time of the recording, by the notes of how much had sounded when."""
    if not heard:
        return at_s
    number = max(1, bisect_right(heard, (at_s, float("inf"))))
    noted_s, heard_s = heard[number - 1]
    most_s = heard[number][1] if number < len(heard) else float("inf")  # a device was away for a while
    return min(max(0.0, heard_s + at_s - noted_s), most_s)


def _entry(turn: Turn) -> Entry:
    if turn.speaker is Speaker.USER:
        return Said("", turn.text)
    if turn.speaker is Speaker.AGENT:
        return Answer("", "", heard_text=turn.text)
    used = Used(turn.id, turn.tool, json.dumps(turn.arguments, ensure_ascii=False))
    return used.returned(turn.text) if turn.returned else used


def _is_time(told: Any) -> bool:
    return isinstance(told, int | float) and 0 <= told <= _LONGEST_S


def _number(text: str) -> float:
    if not abs(number := float(text)) < _LARGEST:
        raise ValueError(text)
    return number


def _entries(told: Any) -> Iterator[Entry]:
    """An entry of an earlier history, if it is one."""
    match told:
        case {"$": "Said", "text": str(text)}:
            yield Said("", text)
        case {"$": "Answer", "heard_text": str(text)}:
            yield Answer("", "", heard_text=text)
        case {"$": "Used", "call_id": str(call_id), "name": str(name), "arguments": str(given), "text": str(text)}:
            yield Used(call_id, name, given, text)


class _Turns:
    """Puts together what was said, from events that tell it piece by piece and late."""

    def __init__(self, head: _Object) -> None:
        rate_hz = head.get("output_rate_hz")
        self._bytes_per_s = 2.0 * (rate_hz if isinstance(rate_hz, int) and rate_hz > 0 else 24_000)
        self._turns: list[Turn] = []
        self._spoken: list[tuple[float, float]] = []
        """Beginnings and ends of speech whose words are not known."""
        self._began_s: float | None = None
        self._first_sounds: dict[str, tuple[float, float | None]] = {}

    def of(self, events: list[tuple[float, _Object]]) -> list[Turn]:
        """Return the turns in the order in which they began."""
        for at_s, event in events:
            self._take(at_s, event)
        last_s = max((at_s for at_s, _ in events), default=0.0)
        for turn in self._turns:
            turn.text = turn.text.strip()
            turn.end_s = min(turn.end_s, last_s)  # an answer that was coming when the session ended ends with it
        said = (turn for turn in self._turns if turn.text or turn.unheard or turn.tool)
        return sorted(said, key=lambda turn: turn.at_s)

    def _take(self, at_s: float, event: _Object) -> None:
        match event:
            case {"type": "speech", "started": True}:
                self._began_s = at_s
            case {"type": "speech"} if self._began_s is not None:
                self._spoken.append((self._began_s, at_s))
                self._began_s = None
            case {"type": "transcript.user", "text": str(text), "item_id": str(item_id)}:
                self._user_said(at_s, text, item_id)
            case {"type": "text.user", "text": str(text)}:
                self._turns.append(Turn(Speaker.USER, at_s, at_s, text, typed=True))
            case {"type": "tool.call", "name": str(name), "arguments": dict(given), "call_id": str(call_id)}:
                turn = Turn(Speaker.TOOL, at_s, at_s, id=call_id, tool=name, arguments=given)
                turn.server_side = event.get("server_side") is True
                self._turns.append(turn)
            case {"type": "tool.result", "output": str(output), "call_id": str(call_id)}:
                self._returned(at_s, output, call_id, failed=bool(event.get("failed")))
            case {"type": "mcp.call", "state": "in_progress", "name": str(name), "item_id": str(item_id)}:
                tool = f"{event.get('server')}.{name}"
                self._turns.append(Turn(Speaker.TOOL, at_s, at_s, id=item_id, tool=tool, server_side=True))
            case {"type": "mcp.call", "state": "returned", "outcome": str(output), "item_id": str(item_id)}:
                self._returned(at_s, output, item_id)
            case _:
                self._agent(at_s, event)

    def _agent(self, at_s: float, event: _Object) -> None:
        match event:
            case {"type": "text.agent.delta", "text": str(text), "item_id": str(item), "response_id": str(response)}:
                turn = self._find(Speaker.AGENT, item)
                if turn is None or turn.response_id != response:
                    turn = Turn(Speaker.AGENT, at_s, at_s, id=item, response_id=response)
                    if response in self._first_sounds:
                        turn.at_s, turn.latency_ms = self._first_sounds.pop(response)
                    self._turns.append(turn)
                turn.text += text
                turn.end_s = max(turn.end_s, at_s)
            case {"type": "text.agent", "item_id": str(item)} if turn := self._find(Speaker.AGENT, item):
                turn.text = f"{turn.text.rstrip()} "  # more of it may follow, without a space
            case {"type": "text.agent.cut", "text": str(text), "item_id": str(item), "heard_ms": int(heard_ms)}:
                if turn := self._find(Speaker.AGENT, item):
                    whole = turn.text
                    turn.text, turn.heard_ms = text, heard_ms
                    turn.unheard = whole[len(text) :].strip() if whole.startswith(text) else ""
                    turn.end_s = turn.at_s + heard_ms / 1000
            case {"type": "audio.start", "response_id": str(response)}:
                latency_ms = told if isinstance(told := event.get("latency_ms"), int | float) else None
                first = next((turn for turn in self._turns if turn.response_id == response != ""), None)
                if first is None:
                    self._first_sounds[response] = at_s, latency_ms
                else:
                    first.at_s, first.latency_ms = at_s, latency_ms
            case {"type": "response.usage", "response_id": str(response), "audio_bytes": int(size)} if size > 0:
                spoken = [turn for turn in self._turns if turn.response_id == response != "" and turn.heard_ms is None]
                if spoken:
                    spoken[-1].end_s = max(spoken[-1].end_s, spoken[0].at_s + size / self._bytes_per_s)

    def _user_said(self, at_s: float, text: str, item_id: str) -> None:
        turn = self._find(Speaker.USER, item_id) if item_id else None
        if turn is None:
            began_s, ended_s = self._spoken[-1] if self._spoken else (at_s, at_s)
            self._spoken.clear()
            turn = Turn(Speaker.USER, began_s, ended_s, id=item_id)
            self._turns.append(turn)
        turn.text = text

    def _returned(self, at_s: float, output: str, call_id: str, *, failed: bool = False) -> None:
        if turn := self._find(Speaker.TOOL, call_id):
            turn.text, turn.end_s, turn.failed, turn.returned = output, at_s, failed, True

    def _find(self, speaker: Speaker, turn_id: str) -> Turn | None:
        return next((turn for turn in reversed(self._turns) if turn.speaker is speaker and turn.id == turn_id), None)
