"""The recording of one session: everything over the wire and in and out of the conversation, with the sound.

A folder with `session.jsonl`, `user.wav` (the microphone as sent), `agent.wav` (the answers as they came) and
`heard.wav` (both as the room heard them, see `heard`). A line of the JSON is flushed as it is written. The lines:

    {"format": "voice-recording/1", ...}                                  the first: rates, provider, model
    {"n": 1, "t": 0.1, "machine": 0, "options": {...}}                    a conversation was made
    {"n": 2, "t": 0.2, "sent": {"type": "session.update", ...}}           to the server
    {"n": 3, "t": 0.3, "received": {"type": "session.created", ...}}      from the server
    {"n": 4, "t": 0.3, "machine": 0, "input": "handle", "of": 3, "actions": [...]}
    {"n": 9, "t": 1.3, "machine": 0, "input": "playback_cut", "args": [...], "actions": [...]}
    {"n": 10, "t": 1.4, "told": {"type": "text.agent", ...}}              a session event, as observers see it
    {"n": 11, "t": 1.4, "heard_s": 0.9}                                   so much of `heard.wav` had sounded by then
    {"n": 12, "dropped": 3}                                               the disk was too slow for so many

Audio in an event is told by its length, its checksum, and at which byte of its WAV file's sound it begins. Without the
sound there are no WAV files, and no lines of what the microphone sent.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

from engine.audio.clock import loop_time_s
from engine.audio.run_blocking import run_blocking
from engine.audio.session_audio import SessionAudio
from engine.audio.wav_file import WavFile
from engine.errors import InvalidInputError
from engine.files import make_private_folder, open_private
from engine.realtime.connection.transport import Connect, Received, Transport
from engine.realtime.connection.websocket import Connection
from engine.realtime.conversation.machine import Conversation
from engine.realtime.protocol.client_events import AppendAudio, ClientEvent
from engine.realtime.protocol.server_events import AudioDelta, MalformedEvent, Pong, ServerEvent, SessionDescription
from engine.realtime.providers.choose import ChosenProvider
from engine.realtime.recording.files import EVENTS_FILE, HEARD_FILE
from engine.realtime.recording.heard import HeardFile
from engine.realtime.recording.values import audio_to_json, to_json
from engine.realtime.recording.writer import Writer
from engine.realtime.session_events import ErrorShown, SessionEvent
from engine.redaction import without_secrets

FORMAT = "voice-recording/1"
_POLL_S = 0.1
"""Time between two looks at the ring of played sound, which holds 5 s."""
_STEP_S = 0.1
"""Least difference between the sound and the clock that is noted: a device was away, or lost some."""
_SHOWN_TEXT = 4096
"""Characters of a message that is not JSON: enough to see what it is."""


class Recording:
    """Writes what a session does: it gets `connect` and `make_conversation`, and `follow` runs beside it."""

    def __init__(
        self,
        folder: Path,
        chosen: ChosenProvider,
        *,
        connect: Connect = Connection.open,
        tell: Callable[[SessionEvent], None] = lambda _: None,
        sound: bool = True,
    ) -> None:
        """Create the folder and its files; inside a running loop.

        Args:
            folder: New, or without a recording.
            chosen: The server; its secrets are left out.
            connect: Opens the transports that are recorded.
            tell: Told where the recording ends before the session does.
            sound: Whether the sound is kept too.

        Raises:
            InvalidInputError: the folder holds a recording, or it cannot be written.
        """
        self._folder = folder
        self._connect = connect
        self._scrubber = chosen.scrubber
        self._tell = tell
        self._has_sound = sound
        self._loop = asyncio.get_running_loop()
        self._began_s = loop_time_s()
        self._lines = self._machines = 0
        self._played_s, self._heard_began_s = 0.0, -math.inf
        self._last: tuple[ServerEvent, int] | None = None
        self._files = ExitStack()
        """Closes every file, whichever fails."""
        provider = chosen.provider
        made: list[Path] = []

        def new(name: str) -> Path:
            made.append(folder / name)
            return made[-1]

        try:
            make_private_folder(folder)
            if sound:
                user = WavFile(new("user.wav"), provider.input_rate_hz, 1, new=True)
                self._user = self._files.enter_context(closing(user))
                agent = WavFile(new("agent.wav"), provider.output_rate_hz, 1, new=True)
                self._agent = self._files.enter_context(closing(agent))
                heard = HeardFile(new(HEARD_FILE), provider.input_rate_hz)
                self._heard = self._files.enter_context(closing(heard))
            events = os.fdopen(open_private(new(EVENTS_FILE), new=True), "w", encoding="utf-8")
            self._file = self._files.enter_context(events)
            self._write(
                {
                    "format": FORMAT,
                    "began": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "provider": provider.name,
                    "model": chosen.model,
                    "url": chosen.shown_url,
                    "input_rate_hz": provider.input_rate_hz,
                    "output_rate_hz": provider.output_rate_hz,
                }
            )
        except OSError as error:
            with suppress(OSError):
                self._files.close()
            for path in made[:-1] if isinstance(error, FileExistsError) else made:
                with suppress(OSError):
                    path.unlink()
            raise _not_written(folder, error) from None
        self._writer = Writer(lambda count: self._write({"dropped": count}), self._failed)

    async def connect(self, chosen: ChosenProvider) -> Transport:
        """Open a transport whose events are recorded.

        Raises:
            VoiceError: what the real one raises.
        """
        return _RecordedTransport(await self._connect(chosen), self)

    def make_conversation(self, *args: Any, **options: Any) -> Conversation:
        """Make a conversation whose every input is recorded with the actions it led to."""
        number, self._machines = self._machines, self._machines + 1
        self._put({"machine": number, "args": args, "options": options})
        watched = _WatchedConversation(Conversation(*args, **options), partial(self._told, number))
        return cast(Conversation, watched)

    async def follow(self, audio: SessionAudio) -> None:
        """Take what the speaker plays, until cancelled."""
        while True:
            await asyncio.sleep(_POLL_S)
            self._take_played(audio)

    async def aclose(self, audio: SessionAudio | None = None, *last: SessionEvent) -> None:
        """Write the rest, `last` after all else, and close the files; waits for the disk, some seconds at most."""
        if audio is not None:
            self._take_played(audio)
        for event in last:
            self.note(event)
        if not await run_blocking(partial(self._writer.close, self._files.close), grace_s=math.inf):
            self._warn("The disk did not accept the end of the recording.")
        elif self._writer.dropped:
            self._warn(f"The disk was too slow for the recording: {self._writer.dropped} entries are missing from it.")

    def sent(self, event: ClientEvent) -> None:
        """Note an event that went to the server."""
        if isinstance(event, AppendAudio):
            if self._has_sound:
                self._writer.put(partial(self._write_said, self._next_line(), event), len(event.pcm16))
        else:
            self._put({"sent": event})

    def note(self, event: SessionEvent, _: float = 0.0) -> None:
        """Note what observers are told, as one of them."""
        self._put({"told": event})

    def received(self, event: ServerEvent, text: str | bytes) -> None:
        """Note an event that came from the server, and its text."""
        line = self._next_line()
        self._last = event, line["n"]
        if isinstance(event, AudioDelta):
            self._writer.put(partial(self._write_answer, line, event), len(event.audio))
        elif isinstance(event, MalformedEvent):
            shown = text.decode(errors="replace") if isinstance(text, bytes) else text
            self._writer.put(partial(self._write, {**line, "malformed": event, "text": shown[:_SHOWN_TEXT]}))
        else:
            self._writer.put(
                partial(self._write_received, line, text, has_settings=isinstance(event, SessionDescription)),
                len(text),
            )

    def _told(self, machine: int, name: str, args: tuple[Any, ...], options: dict[str, Any], actions: Any) -> None:
        entry: dict[str, Any] = {"machine": machine, "input": name}
        if self._last is not None and len(args) == 1 and args[0] is self._last[0]:
            entry["of"] = self._last[1]
        else:
            # The settings of a session may hold the keys of its tools.
            entry |= {"args": [without_secrets(argument) for argument in args], "options": options}
        self._put({**entry, "actions": actions})

    def _put(self, entry: dict[str, Any]) -> None:
        self._writer.put(partial(self._write, {**self._next_line(), **entry}))

    def _next_line(self) -> dict[str, Any]:
        self._lines += 1
        return {"n": self._lines, "t": round(loop_time_s() - self._began_s, 6)}

    def _take_played(self, audio: SessionAudio) -> None:
        if not self._has_sound:
            return
        samples, rate_hz = audio.read_played()
        if samples.size:
            self._writer.put(partial(self._heard.played, samples, rate_hz))
            self._played_s += samples.size / rate_hz
            began_s = loop_time_s() - self._played_s
            if abs(began_s - self._heard_began_s) > _STEP_S:
                self._heard_began_s = began_s
                self._put({"heard_s": round(self._played_s, 3)})

    # What follows runs in the writer's thread.

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(f"{json.dumps(self._scrubber.clean_json(to_json(entry)))}\n")
        self._file.flush()

    def _write_received(self, line: dict[str, Any], text: str | bytes, *, has_settings: bool) -> None:
        message = json.loads(text)
        self._write({**line, "received": without_secrets(message) if has_settings else message})

    def _write_said(self, line: dict[str, Any], event: AppendAudio) -> None:
        audio = {**audio_to_json(event.pcm16), "at": self._user.write(event.pcm16)}
        self._heard.said(event.at_sample, event.pcm16)
        self._write({**line, "sent": {"type": event.type, "event_id": event.event_id, "audio": audio}})

    def _write_answer(self, line: dict[str, Any], event: AudioDelta) -> None:
        place = {name: getattr(event, name) for name in ("response_id", "item_id", "content_index")}
        audio = audio_to_json(event.audio)
        if self._has_sound:
            audio["at"] = self._agent.write(event.audio)
        self._write({**line, "received": {"type": "response.output_audio.delta", **place, "delta": audio}})

    def _failed(self, error: Exception) -> None:
        with suppress(OSError):  # what was still to be written finds no place either
            self._files.close()
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        message = f"The recording {self._folder} has ended: {reason}. The conversation goes on."
        with suppress(RuntimeError):  # the loop is closed: the disk hung longer than the session waited for it
            self._loop.call_soon_threadsafe(self._warn, message)

    def _warn(self, message: str) -> None:
        self._tell(ErrorShown(message, "recording"))


def require_new(folder: Path) -> None:
    """Refuse a folder that a recording cannot be made in; what only the disk knows is found when it is made.

    Raises:
        InvalidInputError: it holds a recording, or is a file.
    """
    if folder.is_file() or (folder / EVENTS_FILE).exists():
        raise _not_written(folder, FileExistsError())


def _not_written(folder: Path, error: OSError) -> InvalidInputError:
    if not isinstance(error, FileExistsError):
        reason = f"The recording cannot be written into {folder}: {error.strerror}."
        return InvalidInputError(reason, fix="Name a folder that you may write to.")
    if folder.is_dir():
        what = "a recording" if (folder / EVENTS_FILE).exists() else Path(error.filename).name
        return InvalidInputError(
            f"There is {what} in {folder} already.", fix="Name another folder, or remove that one."
        )
    return InvalidInputError(f"{folder} is a file, where a recording needs a folder.", fix="Name another one.")


class _RecordedTransport:
    """A transport whose events are noted as they pass."""

    def __init__(self, transport: Transport, recording: Recording) -> None:
        self._transport = transport
        self._recording = recording

    async def send(self, event: ClientEvent) -> None:
        await self._transport.send(event)
        self._recording.sent(event)

    async def receive(self) -> Received:
        received = await self._transport.receive()
        if not isinstance(received.event, Pong):
            self._recording.received(received.event, received.text)
        return received

    async def close(self) -> None:
        await self._transport.close()


class _WatchedConversation:
    """Stands in for a conversation: whatever it is told is told on, and noted with what came of it."""

    def __init__(self, conversation: Conversation, note: Callable[..., None]) -> None:
        self._conversation = conversation
        self._note = note

    def __getattr__(self, name: str) -> Any:
        """An input is noted when it is called; a property is passed through."""
        value = getattr(self._conversation, name)
        if not callable(value):
            return value

        def told(*args: Any, **options: Any) -> Any:
            actions = value(*args, **options)
            self._note(name, args, options, actions)
            return actions

        self.__dict__[name] = told
        return told
