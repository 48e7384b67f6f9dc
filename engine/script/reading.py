"""Reads a script from a TOML or JSON file.

    ignoring = ["conversation.item.truncate"]     # client events that may come at any time; the microphone always may
    patience = 10                                 # seconds to wait for what is expected
    rate_hz = 24000                               # of the sound this script sends

    steps = [
      { emit = "session.created", session = { id = "sess_1" } },
      { expect = "session.update", having = { session = { type = "realtime" } } },
      { emit = "session.updated", session = {} },
      { hear = 0.5 },                             # seconds of the microphone's audio
      { call = "get_weather", arguments = { city = "Paris" }, call_id = "call_1" },
      { expect = "conversation.item.create", having = { item = { call_id = "*" } }, save = { said = "item.output" } },
      { expect = "response.create" },
      { answer = "It rains: ${said}", sound = { text = "It rains." } },
      { emit = "input_audio_buffer.speech_started", item_id = "user_2", audio_start_ms = 0 },
      { expect = "conversation.item.truncate", having = { item_id = "item_1", audio_end_ms = "0..2000" } },
      { wait = 0.2 },
      { repeat = 3, steps = [ { answer = "Turn ${n}.", sound = { tone_hz = 440, seconds = 0.5 } } ] },
      { close = 1000 },
    ]

The n-th response of a script is `resp_n` with the message `item_n` unless it says otherwise. In `having`, a text with
`*` is a wildcard, `"400..600"` a number between, `"!"` an absent field. `sound` is `tone_hz`, `silence = true` or
`noise = true` with `seconds`, `text` spoken by espeak-ng (with a `voice`), or `wav`, a file beside the script; `emit`
takes it too, as the base64 of its `delta`. `go_silent = true` makes a half-open connection; `close = 1006` breaks it.

For clients that come back there is one `[[connection]]` for each time, with `steps` of its own; `times = 3` plays one
three times, and `refuse = 503` answers with that HTTP status.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Advice, InvalidInputError, nearest
from engine.files import read_bounded
from engine.script.steps import Answer, CallTool, Close, Emit, Expect, GoSilent, Hear, Repeat, Step, Wait

_Object = dict[str, Any]
MakeSound = Callable[[Mapping[str, Any], int], bytes]
"""Returns a `sound` of a script as PCM16 at a rate."""


@dataclass(frozen=True, slots=True)
class ConnectionScript:
    """The script of one connection."""

    steps: tuple[Step, ...] = ()
    labels: tuple[str, ...] = ()
    """Each step in the file's own words, for errors."""
    refuse: int | None = None
    """The HTTP status to answer with in place of a connection."""


_LARGEST_BYTES, _MOST = 16 << 20, 1_000_000


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script."""

    connections: tuple[ConnectionScript, ...]
    ignoring: frozenset[str] = frozenset()
    patience_s: float = 10.0
    rate_hz: int = 24000


def read_script(path: Path, make_sound: MakeSound) -> Script:
    """Read a file.

    Raises:
        InvalidInputError: it cannot be read, or is no script; the text names the step.
    """
    try:
        text = read_bounded(path, _LARGEST_BYTES)
        parsed = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InvalidInputError(
            f"The script {path} cannot be read: {error.strerror}.", fix="Name a file that exists and is readable."
        ) from None
    except (ValueError, RecursionError) as error:
        form = "JSON" if path.suffix == ".json" else "TOML"
        raise InvalidInputError(
            f"The script {path} is not valid {form}: {error}.", fix=f"Correct it. {Advice.SCRIPTS}"
        ) from None
    return script_of(parsed, make_sound)


def script_of(parsed: Any, make_sound: MakeSound) -> Script:
    """Return the script that a parsed file describes.

    Raises:
        InvalidInputError: it is no script; the text names the step.
    """
    top = _Fields(parsed, "The script")
    rate_hz = max(1, top.take("rate_hz", int, 24000))
    connections = [*top.take("connection", list, []), *([{"steps": top.take("steps", list)}] if "steps" in top else [])]
    reader = _Reader(make_sound, rate_hz)
    script = Script(
        connections=tuple(one for entry in connections for one in reader.connection(entry)),
        ignoring=frozenset(map(str, top.take("ignoring", list, []))),
        patience_s=float(top.take("patience", (int, float), 10.0)),
        rate_hz=rate_hz,
    )
    top.finish()
    if not script.connections:
        raise InvalidInputError("The script has no steps.", fix=Advice.SCRIPTS)
    return script


class _Fields:
    """An object of the file whose fields are taken one by one; what is left over is a mistake."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise InvalidInputError(f"{where} is not a table.", fix=Advice.SCRIPTS)
        self._left = dict(value)
        self._where = where
        self._known: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        self._known.append(name)
        if name not in self._left:
            return default
        value = self._left.pop(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise InvalidInputError(
                f"{self._where}: '{name}' is {value!r}, which is of the wrong type.", fix=Advice.SCRIPTS
            )
        if isinstance(value, int | float) and not 0 <= value <= _MOST:
            raise InvalidInputError(f"{self._where}: '{name}' must be a number from 0 to {_MOST}.", fix=Advice.SCRIPTS)
        return value

    def rest(self) -> _Object:
        rest, self._left = self._left, {}
        return rest

    def finish(self) -> None:
        if self._left:
            names = _quoted(self._left)
            meant = nearest(next(iter(self._left)), self._known)
            raise InvalidInputError(f"{self._where} has unknown fields: {names}.", fix=f"{meant}{Advice.SCRIPTS}")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_PLACE = re.compile(r"\$\{\w+\}")


class _Reader:
    """Makes steps, and numbers the responses of one script."""

    def __init__(self, make_sound: MakeSound, rate_hz: int) -> None:
        self._make_sound = make_sound
        self._rate_hz = rate_hz
        self._responses = 0
        self._round = ""
        """In a repetition: what keeps the ids of its rounds apart."""

    def connection(self, entry: Any) -> list[ConnectionScript]:
        fields = _Fields(entry, "A connection")
        written = fields.take("steps", list, [])
        one = ConnectionScript(
            steps=tuple(self._step(step, f"Step {number}") for number, step in enumerate(written, 1)),
            labels=tuple(json.dumps(step, ensure_ascii=False) for step in written),
            refuse=fields.take("refuse", int),
        )
        times = fields.take("times", int, 1)
        fields.finish()
        return [one] * times

    def _step(self, written: Any, where: str) -> Step:
        fields = _Fields(written, where)
        known: dict[str, Callable[[_Fields, str], Step]] = {
            "expect": self._expect,
            "emit": self._emit,
            "answer": self._answer,
            "call": self._call,
            "repeat": self._repeat,
            "wait": lambda fields, _: Wait(float(fields.take("wait", (int, float)))),
            "hear": lambda fields, _: Hear(float(fields.take("hear", (int, float))), self._rate_hz),
            "close": lambda fields, _: Close(fields.take("close", int), fields.take("reason", str, "")),
            "go_silent": lambda fields, _: GoSilent() if fields.take("go_silent", bool) else Wait(0.0),
        }
        kinds = [name for name in known if name in fields]
        if len(kinds) != 1:
            names = _quoted(written)
            what = f"is both {' and '.join(kinds)}" if kinds else f"does nothing with {names}" if names else "is empty"
            meant = "" if kinds else next(filter(None, (nearest(name, known) for name in written)), "")
            raise InvalidInputError(f"{where} {what}.", fix=f"{meant}A step has one of {', '.join(known)}.")
        step = known[kinds[0]](fields, where)
        fields.finish()
        return step

    def _expect(self, fields: _Fields, _where: str) -> Step:
        return Expect(fields.take("expect", str), fields.take("having", dict, {}), fields.take("save", dict, {}))

    def _emit(self, fields: _Fields, where: str) -> Step:
        kind = fields.take("emit", str)
        sound = fields.take("sound", dict)
        delta = {} if sound is None else {"delta": base64.b64encode(self._sound(sound, where)).decode("ascii")}
        return Emit(kind, **fields.rest(), **delta)

    def _answer(self, fields: _Fields, where: str) -> Step:
        text = fields.take("answer", str)
        number = self._next_number()
        spoken = _PLACE.sub("", text)
        sound = fields.take("sound", dict, {"text": spoken} if spoken.strip() else {"silence": True, "seconds": 0.5})
        return Answer(
            fields.take("response_id", str, f"resp_{number}"),
            fields.take("item_id", str, f"item_{number}"),
            self._sound(sound, where),
            text,
            self._rate_hz,
        )

    def _call(self, fields: _Fields, _where: str) -> Step:
        name = fields.take("call", str)
        number = self._next_number()
        arguments = fields.take("arguments", (dict, str), {})
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        call_id = fields.take("call_id", str, f"call_{number}")
        return CallTool(fields.take("response_id", str, f"resp_{number}"), ((name, call_id, text),))

    def _next_number(self) -> str:
        self._responses += 1
        return f"{self._responses}{self._round}"

    def _repeat(self, fields: _Fields, where: str) -> Step:
        times = fields.take("repeat", int)
        steps = fields.take("steps", list, [])
        self._round = "_${n}"
        inner = [self._step(step, f"{where}.{number}") for number, step in enumerate(steps, 1)]
        self._round = ""
        return Repeat(times, inner)

    def _sound(self, wanted: _Object, where: str) -> bytes:
        try:
            return self._make_sound(wanted, self._rate_hz)
        except InvalidInputError as error:
            raise InvalidInputError(f"{where}: {error.message}", fix=error.fix) from error
