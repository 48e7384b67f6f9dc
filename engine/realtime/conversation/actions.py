"""Actions and tool results: plain values between the conversation's state machine and the session that serves it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from engine.audio.playback.segments import ItemKey
from engine.errors import ConnectionFailedError, VoiceError
from engine.realtime.protocol.client_events import ClientEvent
from engine.realtime.protocol.errors import session_end
from engine.realtime.protocol.server_events import ServerError
from engine.realtime.session_events import SessionEvent


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model wants us to run."""

    call_id: str
    name: str
    arguments: str
    """JSON text as the model wrote it: perhaps not valid."""

    @property
    def shown_arguments(self) -> dict[str, Any]:
        """The arguments for people; whoever runs the call judges them for itself."""
        try:
            arguments = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError):
            return {"": self.arguments}
        return arguments if isinstance(arguments, dict) else {"": self.arguments}


@dataclass(frozen=True, slots=True)
class ToolResult:
    """Result of a call; `output` is a text for the model, an explanation if it failed."""

    call_id: str
    name: str
    output: str
    failed: bool = False
    stopped: bool = False
    """The user spoke, and the tool wanted to be stopped then: nothing is to be said about it."""
    cut_chars: int = 0
    """Characters of the output that were too many."""
    ends: bool = False
    """The conversation is to end when the agent's last words have been heard."""


@dataclass(frozen=True, slots=True)
class Action:
    """Base of all; the session carries them out in their order."""


@dataclass(frozen=True, slots=True)
class Send(Action):
    """Put an event on the wire."""

    event: ClientEvent


@dataclass(frozen=True, slots=True)
class ReleaseMicrophone(Action):
    """Send what the microphone held while there was no connection, as far as it is fresh."""


@dataclass(frozen=True, slots=True)
class PlayAudio(Action):
    """Append audio of an item to what plays."""

    response_id: str
    key: ItemKey
    pcm16: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndAudio(Action):
    """The item's audio is complete."""

    key: ItemKey


@dataclass(frozen=True, slots=True)
class StopPlayback(Action):
    """Silence the speaker now and report the cut."""

    by_user: bool = True
    """False where nobody interrupted: there has been no speaker for too long."""


@dataclass(frozen=True, slots=True)
class RunTool(Action):
    """Start a tool; its result comes back through `Conversation.tool_finished`."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class InterruptTools(Action):
    """The user speaks while these calls run: their tools say what becomes of them."""

    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Show(Action):
    """Tell the observers."""

    notice: SessionEvent
    """Under this name recordings keep it."""


@dataclass(frozen=True, slots=True)
class Trace(Action):
    """A line for the log at debug level: normal for a Realtime server, of no interest to a person."""

    text: str


@dataclass(frozen=True, slots=True)
class RenewConnection(Action):
    """The server's session is over, and another can take its place."""

    error: VoiceError


@dataclass(frozen=True, slots=True)
class EndSession(Action):
    """Nothing good can come any more: end in order with this error."""

    error: VoiceError


def ending(error: ServerError) -> list[Action]:
    """Return the end of the session, which shows its error itself, or of the connection, or nothing."""
    end = session_end(error)
    if isinstance(end, ConnectionFailedError):
        return [RenewConnection(end)]
    return [EndSession(end)] if end else []
