"""What a session tells its observers: one frozen dataclass for each thing a person or a program may want to see.

Observers (the screen, the event file, the cost counter) subscribe to the session; none of them sits in the audio
path. `to_json` gives the object of one line of `voice run --events`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from engine.audio.playback_stats import PlaybackStats
from engine.realtime.events import TranscriptUsage, Usage


@dataclass(frozen=True, slots=True)
class Notice:
    """Base of all notices; `type` is the name in the event file."""

    type: ClassVar[str] = "notice"

    def to_json(self) -> dict[str, Any]:
        """Return the notice as the object of one event line, without its time."""
        return {"type": self.type, **asdict(self)}


@dataclass(frozen=True, slots=True)
class SessionStarted(Notice):
    """The server has opened (or changed) the session."""

    type: ClassVar[str] = "session"
    session_id: str
    provider: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class OutputRate(Notice):
    """The rate at which the server says that it sends its answers."""

    type: ClassVar[str] = "output_rate"
    declared_hz: int


@dataclass(frozen=True, slots=True)
class UserTranscript(Notice):
    """What the server understood of the user's speech."""

    type: ClassVar[str] = "transcript.user"
    text: str
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class UserTyped(Notice):
    """What the user wrote instead of saying it."""

    type: ClassVar[str] = "text.user"
    text: str


@dataclass(frozen=True, slots=True)
class UserSpeech(Notice):
    """The server hears the user begin (`started`) or end speaking."""

    type: ClassVar[str] = "speech"
    started: bool


@dataclass(frozen=True, slots=True)
class Muted(Notice):
    """The person muted the microphone, or opened it again."""

    type: ClassVar[str] = "mute"
    muted: bool


@dataclass(frozen=True, slots=True)
class AgentTextDelta(Notice):
    """A piece of the agent's text as it comes."""

    type: ClassVar[str] = "text.agent.delta"
    text: str
    item_id: str = ""
    response_id: str = ""


@dataclass(frozen=True, slots=True)
class AgentText(Notice):
    """The agent's whole text of one item."""

    type: ClassVar[str] = "text.agent"
    text: str
    item_id: str = ""
    response_id: str = ""


@dataclass(frozen=True, slots=True)
class AgentTextCut(Notice):
    """An answer was cut: the agent's text of the item as far as it was heard, whole words; empty if nothing was."""

    type: ClassVar[str] = "text.agent.cut"
    text: str
    item_id: str = ""
    heard_ms: int = 0


@dataclass(frozen=True, slots=True)
class ResponseStarted(Notice):
    """The server began a response."""

    type: ClassVar[str] = "response.start"
    response_id: str


@dataclass(frozen=True, slots=True)
class ResponseEnded(Notice):
    """The server ended a response: completed, cancelled, failed or incomplete."""

    type: ClassVar[str] = "response.end"
    response_id: str
    status: str


@dataclass(frozen=True, slots=True)
class FirstAudio(Notice):
    """The first sample of an answer left for the device; `latency_ms` counts from the end of the user's speech."""

    type: ClassVar[str] = "audio.start"
    response_id: str
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ToolCalled(Notice):
    """The model calls a tool; `server_side` marks those the server runs itself."""

    type: ClassVar[str] = "tool.call"
    name: str
    arguments: dict[str, Any]
    call_id: str = ""
    server_side: bool = False


@dataclass(frozen=True, slots=True)
class ToolReturned(Notice):
    """A tool of ours has answered."""

    type: ClassVar[str] = "tool.result"
    name: str
    output: str
    call_id: str = ""
    failed: bool = False
    cut_chars: int = 0
    """How many characters the model was not given: the output was too long."""


@dataclass(frozen=True, slots=True)
class McpServerChanged(Notice):
    """What becomes of an MCP server of ours: "ready", "failed" to start, "lost" and started again, or "given up"."""

    type: ClassVar[str] = "mcp.server"
    name: str
    state: str
    reason: str = ""
    tools: int = 0


@dataclass(frozen=True, slots=True)
class RemoteTools(Notice):
    """What an MCP server that the service calls itself offers, or that the service could not ask it."""

    type: ClassVar[str] = "mcp.tools"
    server: str
    tools: list[str]
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RemoteCall(Notice):
    """The service calls a tool of an MCP server: "in_progress", "completed" or "failed", and what it "returned"."""

    type: ClassVar[str] = "mcp.call"
    server: str
    name: str
    state: str
    outcome: str = ""
    """Only with "returned": what the tool said, or why it failed."""
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Notice):
    """The service asks whether it may call a tool of an MCP server: answered by `Session.approve`."""

    type: ClassVar[str] = "mcp.approval.asked"
    approval_id: str
    server: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ApprovalGiven(Notice):
    """The service was told that it may, or why it may not."""

    type: ClassVar[str] = "mcp.approval"
    approval_id: str
    server: str
    name: str
    approve: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToolsAwaited(Notice):
    """The session is over but for tools that must not be left half done; a second Ctrl+C waits no longer."""

    type: ClassVar[str] = "tool.awaited"
    names: list[str]


@dataclass(frozen=True, slots=True)
class BargeIn(Notice):
    """The user interrupted; `heard_ms` of the item had been taken by the device, the fade included."""

    type: ClassVar[str] = "barge_in"
    heard_ms: int
    item_id: str = ""
    silence_ms: float | None = None
    """From the server's speech_started to the moment the kernel had faded out."""


@dataclass(frozen=True, slots=True)
class Xrun(Notice):
    """The device or a ring lost frames since the last such notice."""

    type: ClassVar[str] = "xrun"
    side: str
    """"input" or "output"."""
    frames: int
    total_frames: int


@dataclass(frozen=True, slots=True)
class DeviceLost(Notice):
    """A device is gone; told at once, and again each time it was looked for in vain."""

    type: ClassVar[str] = "device.lost"
    waiting_for: str
    attempt: int
    """How often it was looked for in vain; 0 at first."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFound(Notice):
    """Microphone and speaker run again, perhaps others; or the system's new default is followed."""

    type: ClassVar[str] = "device.found"
    input: str
    output: str
    away_ms: int
    is_new_default: bool = False


@dataclass(frozen=True, slots=True)
class Reconnecting(Notice):
    """The connection is lost and is opened again; told before each attempt."""

    type: ClassVar[str] = "reconnecting"
    attempt: int
    of: int
    reason: str
    wait_ms: int
    """Until the attempt begins."""


@dataclass(frozen=True, slots=True)
class Reconnected(Notice):
    """The conversation goes on over a new connection."""

    type: ClassVar[str] = "reconnected"
    away_ms: int
    dropped_audio_ms: int = 0
    """What the microphone recorded and nobody heard: it was too old, or was sent to a server that had fallen silent."""
    planned: bool = False
    """Nothing was lost: the connection was changed before the server's limit for a session."""


@dataclass(frozen=True, slots=True)
class AnswerDropped(Notice):
    """No speaker took the rest of an answer for too long: it was given up, and the server told so."""

    type: ClassVar[str] = "audio.dropped"
    heard_ms: int
    dropped_ms: int
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class ResponseUsage(Notice):
    """What a response used, as the server counted it."""

    type: ClassVar[str] = "response.usage"
    response_id: str
    usage: Usage | None
    """None where the server does not say."""
    audio_bytes: int = 0
    """Of the answer's audio, as it came."""


@dataclass(frozen=True, slots=True)
class TranscriptionUsage(Notice):
    """What the transcription of a turn of the user's used; paid apart from the responses."""

    type: ClassVar[str] = "transcript.usage"
    item_id: str
    usage: TranscriptUsage


@dataclass(frozen=True, slots=True)
class UsageTotal(Notice):
    """What the session has used so far, and what that costs."""

    type: ClassVar[str] = "usage"
    responses: int
    input_tokens: int
    cached_tokens: int
    """Of the input, and counted in it."""
    output_tokens: int
    tokens: dict[str, int]
    """The same by kind: `audio_input` and `cached_audio_input` are apart."""
    answers_s: float
    """Of audio, heard or not."""
    transcription_tokens: int
    transcribed_s: float
    cost: float | None
    """None where the model's prices are not known."""
    currency: str
    complete: bool
    """False where something was used that has no price: it costs at least this."""
    budget: float | None
    prices: str
    """Where the prices are from."""
    estimated: bool
    """Whether only one source names them: it costs about this."""
    final: bool


@dataclass(frozen=True, slots=True)
class ErrorShown(Notice):
    """Something went wrong and the session goes on, or ends if `fatal`."""

    type: ClassVar[str] = "error"
    message: str
    code: str = ""
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Summary(Notice):
    """The last notice of a session."""

    type: ClassVar[str] = "summary"
    turns: int
    xruns: int
    dropped_blocks: int
    duration_s: float
    latency: dict[str, float | None] = field(default_factory=dict)
    """Milliseconds: medians and worst cases of what the session measured."""
    reason: str = ""
    devices_lost: int = 0
    """How often the microphone or the speaker was lost."""
    dropped_answer_ms: int = 0
    """How much of the answers no speaker took in time."""
    playback: PlaybackStats = field(default_factory=PlaybackStats)
    """How evenly the answers came."""
    reconnects: int = 0
    """How often a lost connection was opened again."""
    rotations: int = 0
    """How often the connection was changed before the server's limit."""
    dropped_outage_ms: int = 0
    """How much of the microphone nobody heard because it was too old when a connection came back."""
