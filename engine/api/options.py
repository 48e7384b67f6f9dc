"""Options of a session: one list of names for the command line and for programs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from inspect import Signature, iscoroutinefunction, signature
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from engine.config_tables import (
    Eagerness,
    Echo,
    Interrupter,
    NoiseSuppression,
    ProcessingOptions,
    TurnMode,
    TurnOptions,
)
from engine.errors import InvalidInputError, choices
from engine.realtime.connection.retry_policy import MAX_OUTAGE_S

if TYPE_CHECKING:  # the command line imports this before it has read its options
    from engine.audio.device.protocol import Backend
    from engine.audio.processing.protocol import Processor
    from engine.config import Config
    from engine.realtime.connection.transport import Connect
    from engine.realtime.session_events import Observer
    from engine.realtime.tools.tool import Tool

LIMITS: dict[str, tuple[float, float | None]] = {
    "volume": (-60, 20),
    "mic_gain": (-60, 40),
    "block_ms": (1, 200),
    "output_rate": (8000, 48000),
    "vad_threshold": (0, 1),
    "vad_silence_ms": (0, 10_000),
    "vad_padding_ms": (0, 5000),
    "vad_idle_ms": (1000, None),
    "duck_ms": (0, 10_000),
    "duration": (0.1, None),
    "idle_timeout": (1, None),
    "budget": (0, None),
    "max_outage_audio": (0, None),
}
"""Least and greatest value of each number; None where there is no greatest."""
_CHOICES = (TurnMode, Eagerness, Echo, NoiseSuppression, Interrupter)
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (str, bool, int, Path, *_CHOICES)}
_KINDS |= {"float": int | float, "None": NoneType, "ToolPlace": str}
"""Kinds that an annotation names; an option whose annotation names others is looked at by itself."""
_LISTS = ("tools", "approve", "processors", "observers")
_FUNCTIONS = ("on_compile", "connect")
_Choice = TypeVar("_Choice", bound=StrEnum)
_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


class ToolPlace(StrEnum):
    """Place in which tools run that are loaded by name; functions that are given run in the program itself."""

    INLINE = "inline"
    """The program's own process: they share its memory, and what keeps Python busy delays the voice."""
    PROCESS = "process"
    """A process beside it, which nothing that they do can disturb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """Options of a session, as the command line has them but for those of its terminal; None takes the default.

    Raises:
        InvalidInputError: a value is of a wrong kind or out of its range, or two options exclude each other.

    Example:
        >>> SessionOptions(provider="local", volume=-6).volume
        -6
    """

    provider: str | None = None
    """`yandex`, `openai`, `local` or `custom`; by default the one whose key is set, else `local`."""
    url: str | None = None
    """Address (ws:// or wss://) of a Realtime server."""
    insecure: bool = False
    """Allow ws:// to another machine, where everybody on the way can read along."""
    model: str | None = None
    voice: str | None = None
    instructions: str | None = None
    """Instructions of the agent; `@FILE` reads a file."""
    tools: Sequence[Callable[..., Any] | Tool | str] = ()
    """Functions, tools, `MODULE:OBJECT`s or names of built-in tools and plugins."""
    host: ToolPlace | str = ToolPlace.INLINE
    """Place in which the tools of plugins and `MODULE:OBJECT`s run: `inline` or `process`."""
    approve: Sequence[str] = ()
    """Remote MCP servers whose calls need no question; `all` for every one."""
    input: str | None = None
    """Microphone: index, name, or words of its name."""
    output: str | None = None
    """Speaker, likewise."""
    input_file: Path | str | None = None
    """Audio file that is spoken instead of a microphone; the session ends after it."""
    output_file: Path | str | None = None
    """WAV file that is written instead of a speaker."""
    volume: float = 0.0
    """Gain of the speaker in dB."""
    mic_gain: float = 0.0
    """Gain of the microphone in dB."""
    mute: bool = False
    """Begin with the microphone muted."""
    echo: Echo | str | None = None
    """Echo cancellation: `auto` (where the microphone could hear the speaker), `on`, `off`, or `half-duplex`."""
    noise_suppression: NoiseSuppression | str | None = None
    """`off`, `low`, `medium` or `high`; by default `low` where echo is cancelled."""
    agc: bool | None = None
    """Bring quiet and loud voices to one level."""
    processors: Sequence[str | Processor] = ()
    """`NAME[:key=value[,key=value]]`s or processors of the program, for the microphone, in order."""
    backend: str | Backend | None = None
    """Name of an audio backend, or a backend of the program's own, which the session does not close."""
    block_ms: float | None = None
    """Length of a device block."""
    output_rate: int | None = None
    """Rate of the answers in Hz, where they sound too fast or too slow."""
    text: bool = False
    """Write instead of speaking: no microphone is opened."""
    turns: TurnMode | str | None = None
    """End of a turn: `server_vad`, `semantic_vad`, or `none` for push-to-talk (`Session.talk`)."""
    eagerness: Eagerness | str | None = None
    vad_threshold: float | None = None
    vad_silence_ms: int | None = None
    vad_padding_ms: int | None = None
    vad_idle_ms: int | None = None
    barge_in: Interrupter | str | None = None
    """Interruptions by the voice: `both` turns the answer down at once and stops it at the server's word; `server` does
    without the first; `local` stops it by itself, for servers that do not."""
    duck_ms: int | None = None
    """Milliseconds until an answer returns that a voice has turned down and nobody interrupts; 700 by default."""
    duration: float | None = None
    """Seconds until the session ends."""
    idle_timeout: float | None = None
    """End the session after so many seconds without a word from anybody."""
    budget: float | None = None
    """Cost after which the session ends, in the currency of the model's prices."""
    max_outage_audio: float = MAX_OUTAGE_S
    """Seconds of speech that wait for a lost connection."""
    record: Path | str | None = None
    """Folder to record the session into."""
    resume: Path | str | None = None
    """Folder of a recording whose conversation goes on."""
    record_sound: bool = True
    """Record the sound too, and not only what was said and done."""
    observers: Sequence[Observer] = ()
    """Called with each session event and its time, at once; they may act on the session."""
    on_compile: Callable[[str], None] | None = None
    """Told, from another thread, if the kernels must be compiled first, once on a machine; by default it is logged."""
    config: Config | None = None
    """Configuration; by default the person's file and the environment."""
    connect: Connect | None = None
    """Opens connections; for tests, see `engine.realtime.testing`."""

    def __post_init__(self) -> None:
        self._check_kinds()
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not (least <= value and (most is None or value <= most)):
                bounds = f"{least} or more" if most is None else f"from {least} to {most}"
                raise InvalidInputError(f"`{name}=` cannot be {value!r}.", fix=f"Give a number, {bounds}.")
        if self.text and self.input_file is not None:
            raise InvalidInputError("`text=` and `input_file=` exclude each other.", fix="Leave one of them out.")
        _choice(ToolPlace, self.host, "host")
        self.turn_options()
        self.processing_options()
        _choice(Interrupter, self.barge_in, "barge_in")

    def _check_kinds(self) -> None:
        for entry in fields(self):
            value, named = getattr(self, entry.name), str(entry.type).split(" | ")
            kinds = tuple(_KINDS[name] for name in named if name in _KINDS)
            is_right = isinstance(value, kinds) and ("bool" in named or not isinstance(value, bool))
            if len(kinds) == len(named) and not is_right:
                raise wrong_kind(entry.name, value, f"Give {' or '.join(named)}.")
        for name in _FUNCTIONS:
            if (value := getattr(self, name)) is not None and not callable(value):
                raise wrong_kind(name, value, "Give a function.")
        for name in _LISTS:
            value = getattr(self, name)
            if isinstance(value, str | bytes) or not isinstance(value, Iterable):
                raise wrong_kind(name, value, "Give a list.")
        for server in self.approve:
            if not isinstance(server, str):
                raise wrong_kind("approve", server, "Give a list of names.")
        for processor in self.processors:
            if not isinstance(processor, str) and not callable(getattr(processor, "process", None)):
                raise wrong_kind("processors", processor, "Give texts, or objects with a method `process`.")
        for observer in self.observers:
            if not callable(observer) or iscoroutinefunction(observer) or iscoroutinefunction(type(observer).__call__):
                raise wrong_kind("observers", observer, "Give functions without `async`: what waits goes into a task.")

    def turn_options(self) -> TurnOptions:
        """Return what is wanted of the turns.

        Raises:
            InvalidInputError: there is no such mode or eagerness.
        """
        return TurnOptions(
            _choice(TurnMode, self.turns, "turns"),
            _choice(Eagerness, self.eagerness, "eagerness"),
            self.vad_threshold,
            self.vad_silence_ms,
            self.vad_padding_ms,
            self.vad_idle_ms,
        )

    def processing_options(self) -> ProcessingOptions:
        """Return what is wanted of the microphone's processing, but for the processors.

        Raises:
            InvalidInputError: there is no such mode or strength.
        """
        suppression = _choice(NoiseSuppression, self.noise_suppression, "noise_suppression")
        return ProcessingOptions(_choice(Echo, self.echo, "echo"), suppression, self.agc)


def wrong_kind(name: str, value: object, fix: str) -> InvalidInputError:
    """The error about a value of a wrong kind; it may be secret."""
    return InvalidInputError(f"`{name}=` cannot be of the kind {type(value).__name__}.", fix=fix)


def _choice(kind: type[_Choice], value: str | None, name: str) -> _Choice | None:
    if value is not None and value not in set(kind):
        raise InvalidInputError(f"`{name}=` cannot be {value!r}.", fix=choices(value, kind))
    return None if value is None else kind(value)


def path_of(value: Path | str | None) -> Path | None:
    """Return a path that may be given as a text."""
    return None if value is None else Path(value)


def taking(
    make: Callable[_Given, _Made],
) -> Callable[[Callable[[Any, _Made], None]], Callable[Concatenate[Any, _Given], None]]:
    """Let `__init__` take what makes its options: there is one list of them."""

    def decorate(initialise: Callable[[Any, _Made], None]) -> Callable[Concatenate[Any, _Given], None]:
        @functools.wraps(initialise)
        def take(self: Any, /, *args: _Given.args, **kwargs: _Given.kwargs) -> None:
            initialise(self, make(*args, **kwargs))

        own, taken = signature(initialise).parameters, signature(make).parameters
        take.__signature__ = Signature([own["self"], *taken.values()])  # type: ignore[attr-defined]
        return take

    return decorate
