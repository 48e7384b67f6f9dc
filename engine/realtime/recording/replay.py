"""Runs a recording through the conversation again, as fast as it goes, and compares what it does with what it did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import Advice, InvalidInputError
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol.decode import decode_event
from engine.realtime.protocol.server_events import AudioDelta, ServerEvent
from engine.realtime.recording.files import EVENTS_FILE
from engine.realtime.recording.tap import FORMAT
from engine.realtime.recording.values import AbsentAudio, from_json, to_json

_Object = dict[str, Any]
_LONGEST_LINE = 1 << 27
"""Characters: those of the largest event, all escaped."""
_RECORD_AGAIN = "Replay it with the version that recorded it, or record again: this version does not understand it."


@dataclass(frozen=True, slots=True)
class Replayed:
    """One input of a conversation, what it led to when it was recorded, and what it leads to now."""

    line: int
    """Line of the file."""
    at_s: float
    """From the beginning of the recording."""
    machine: int
    input: str
    event: str
    """The type of the server's event, for `handle`."""
    recorded: list[Any] = field(repr=False)
    actions: list[Any] = field(repr=False)

    @property
    def same(self) -> bool:
        """Whether nothing has changed."""
        return bool(self.recorded == self.actions)


def replay(path: Path) -> Iterator[Replayed]:
    """Replay a recording, input by input.

    Args:
        path: Its folder, or the file of its events alone: the sound is not needed.

    Raises:
        InvalidInputError: there is none, it is of another version, or something is missing in it.
    """
    file = path / EVENTS_FILE if path.is_dir() else path
    return _Replay(file).steps()


class _Replay:
    """The state of one run through a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._machines: dict[int, Conversation] = {}
        self._received: _Object | None = None
        """The newest line with a server's event."""

    def steps(self) -> Iterator[Replayed]:
        lines = self._lines()
        head = next(lines, (1, {}))[1]
        if head.get("format") != FORMAT:
            raise InvalidInputError(
                f"{self._file} is not a recording that this version can replay.",
                fix=f"It replays {FORMAT}; this file says {head.get('format', 'nothing')}. {Advice.RECORDING}",
            )
        for number, line in lines:
            if "dropped" in line:
                raise InvalidInputError(
                    f"Line {number} of {self._file}: {line['dropped']} entries are missing here.",
                    fix="The disk was too slow for them. Record again, into a folder on a faster disk.",
                )
            try:
                step = self._take(number, line)
            except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
                raise InvalidInputError(
                    f"Line {number} of {self._file} cannot be replayed: {error!r}.", fix=_RECORD_AGAIN
                ) from error
            if step is not None:
                yield step

    def _take(self, number: int, line: _Object) -> Replayed | None:
        if "input" in line:
            return self._step(number, line)
        if "machine" in line:
            self._machines[line["machine"]] = Conversation(*from_json(line["args"]), **from_json(line["options"]))
        elif "received" in line or "malformed" in line:
            self._received = line
        return None

    def _step(self, number: int, line: _Object) -> Replayed:
        event = ""
        if "of" in line:
            received = self._event(line["of"])
            event = (self._received or {}).get("received", {}).get("type", "")
            arguments, options = [received], {}
        else:
            arguments, options = from_json(line["args"]), from_json(line["options"])
            options.pop("goes_again", None)  # earlier versions sent words twice, and told the conversation so
        conversation = self._machines[line["machine"]]
        if line["input"].startswith("_"):
            raise KeyError(line["input"])
        actions = getattr(conversation, line["input"])(*arguments, **options)
        told = json.loads(json.dumps(to_json(actions)))
        return Replayed(number, line["t"], line["machine"], line["input"], event, line["actions"], told)

    def _event(self, number: int) -> ServerEvent:
        """The event of a line, with audio of the right length in place of the real one."""
        line = self._received
        if line is None or line["n"] != number:
            raise KeyError(f"the event of entry {number}")
        if "malformed" in line:
            malformed: ServerEvent = from_json(line["malformed"])
            return malformed
        message = line["received"]
        if message["type"] == "response.output_audio.delta":
            audio = message["delta"]
            event = decode_event(json.dumps({**message, "delta": ""}))
            if not isinstance(event, AudioDelta):
                raise TypeError(f"entry {number} is no audio")
            return replace(event, audio=AbsentAudio(audio["bytes"], audio["crc32"]))
        return decode_event(json.dumps(message))

    def _lines(self) -> Iterator[tuple[int, _Object]]:
        """The lines that are whole: the last one of a process that was killed may be cut."""
        try:
            with self._file.open(encoding="utf-8") as file:
                for number, text in enumerate(iter(partial(file.readline, _LONGEST_LINE), ""), 1):
                    if text.endswith("\n") or len(text) == _LONGEST_LINE:
                        yield number, _object(text, number, self._file)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise InvalidInputError(
                f"The recording {self._file} cannot be read: {reason}.", fix=Advice.RECORDING
            ) from None


def _object(text: str, number: int, file: Path) -> _Object:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidInputError(f"Line {number} of {file} is not a line of a recording.", fix=Advice.RECORDING)
    return value
