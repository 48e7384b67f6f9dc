"""Session events: what a session tells its observers, a frozen dataclass for each thing one may want to see.

Observers subscribe to the session; none sits in the audio path. `to_json` gives one line of an event file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from engine.audio.types import PlaybackStats, ProcessingReport
from engine.realtime.protocol.named import named
from engine.realtime.protocol.server_events import TranscriptUsage, Usage


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Base of all session events; `type` is the name in the event file."""

    type: ClassVar[str] = "event"

    def to_json(self) -> dict[str, Any]:
        """Return the session event as the object of one event line, without its time."""
        return {"type": self.type, **asdict(self)}


Observer = Callable[[SessionEvent, float], object]
"""Is given each session event and its time on the loop's clock; returns at once, and may act on the session: all that
follows happens later, and every observer sees it in this order."""


@named("chosen")
class PartChosen(SessionEvent):
    """A part of the session, "backend" or "provider", was chosen, and why."""

    part: str
    name: str
    reason: str


@named("lack")
class Lacking(SessionEvent):
    """Something that was wanted is not there; the session goes on without it."""

    text: str


@named("session")
class SessionStarted(SessionEvent):
    """The server has opened (or changed) the session."""

    session_id: str
    provider: str = ""
    model: str = ""


@named("output_rate")
class OutputRate(SessionEvent):
    """The rate at which the server says that it sends its answers."""

    declared_hz: int


@named("transcript.user.delta")
class UserTranscriptDelta(SessionEvent):
    """Some of the user's words, as the server begins to understand them; `UserTranscript` has them all."""

    text: str
    item_id: str = ""


@named("transcript.user")
class UserTranscript(SessionEvent):
    """Transcript of the user's speech, as the server understood it."""

    text: str
    item_id: str = ""


@named("text.user")
class UserTyped(SessionEvent):
    """Text that the user wrote instead of saying it."""

    text: str


@named("speech")
class UserSpeech(SessionEvent):
    """The server hears the user begin (`started`) or end speaking."""

    started: bool


@named("mute")
class Muted(SessionEvent):
    """The person muted the microphone, or opened it again."""

    muted: bool


@named("text.agent.delta")
class AgentTextDelta(SessionEvent):
    """A piece of the agent's text as it comes."""

    text: str
    item_id: str = ""
    response_id: str = ""


@named("text.agent")
class AgentText(SessionEvent):
    """The agent's whole text of one item."""

    text: str
    item_id: str = ""
    response_id: str = ""


@named("text.agent.cut")
class AgentTextCut(SessionEvent):
    """An answer was cut: the agent's text of the item as far as it was heard, whole words; empty if nothing was."""

    text: str
    item_id: str = ""
    heard_ms: int = 0


@named("response.start")
class ResponseStarted(SessionEvent):
    """The server began a response."""

    response_id: str


@named("response.end")
class ResponseEnded(SessionEvent):
    """The server ended a response: completed, cancelled, failed or incomplete."""

    response_id: str
    status: str


@named("audio.start")
class FirstAudio(SessionEvent):
    """The first sample of an answer left for the device; `latency_ms` counts from the end of the user's speech."""

    response_id: str
    latency_ms: float | None = None


@named("tool.call")
class ToolCalled(SessionEvent):
    """The model calls a tool; `server_side` marks those the server runs itself."""

    name: str
    arguments: dict[str, Any]
    call_id: str = ""
    server_side: bool = False


@named("tool.result")
class ToolReturned(SessionEvent):
    """A tool of ours has answered."""

    name: str
    output: str
    call_id: str = ""
    failed: bool = False
    cut_chars: int = 0
    """Characters that the model was not given: the output was too long."""


@named("mcp.server")
class McpServerChanged(SessionEvent):
    """New state of an MCP server of ours: "ready", "failed" to start, "lost" and started again, or "given up"."""

    name: str
    state: str
    reason: str = ""
    tools: int = 0


@named("mcp.tools")
class RemoteTools(SessionEvent):
    """Tools of an MCP server that the service calls itself, or that the service could not list them."""

    server: str
    tools: list[str]
    failed: bool = False


@named("mcp.call")
class RemoteCall(SessionEvent):
    """The service calls a tool of an MCP server: "in_progress", "completed" or "failed", and what it "returned"."""

    server: str
    name: str
    state: str
    outcome: str = ""
    """Only with "returned": what the tool said, or why it failed."""
    item_id: str = ""


@named("mcp.approval.asked")
class ApprovalAsked(SessionEvent):
    """The service asks whether it may call a tool of an MCP server: answered by `Session.approve`."""

    approval_id: str
    server: str
    name: str
    arguments: dict[str, Any]


@named("mcp.approval")
class ApprovalGiven(SessionEvent):
    """The service was told that it may, or why it may not."""

    approval_id: str
    server: str
    name: str
    approve: bool
    reason: str = ""


@named("tool.awaited")
class ToolsAwaited(SessionEvent):
    """The session is over but for tools that must not be left half done; a second Ctrl+C waits no longer."""

    names: list[str]


@named("barge_in")
class BargeIn(SessionEvent):
    """The user interrupted; `heard_ms` of the item had been taken by the device, the fade included."""

    heard_ms: int
    item_id: str = ""
    silence_ms: float | None = None
    """From the server's speech_started to the moment the kernel had faded out."""


@named("duck")
class Duck(SessionEvent):
    """An answer is turned down, `delay_ms` after a voice was "suspected", or "speech", in the microphone."""

    gain_db: float
    reason: str
    delay_ms: float


@named("unduck")
class Unduck(SessionEvent):
    """The answer's level is back: the voice was "confirmed" and the answer cut, or a "timeout", or it "ended"."""

    reason: str
    ducked_ms: float


@named("xrun")
class Xrun(SessionEvent):
    """The device or a ring lost frames on a side, "input" or "output", since the last such event."""

    side: str
    frames: int
    total_frames: int


@named("device.lost")
class DeviceLost(SessionEvent):
    """A device is gone; told at once, and again each time it was looked for in vain."""

    waiting_for: str
    attempt: int
    """Searches in vain so far; 0 at first."""
    reason: str = ""


@named("device.found")
class DeviceFound(SessionEvent):
    """Microphone and speaker run again, perhaps others; or the system's default is another device, or was chosen."""

    input: str
    output: str
    away_ms: int
    is_new_default: bool = False
    is_chosen: bool = False


@named("reconnecting")
class Reconnecting(SessionEvent):
    """The connection is lost and is opened again; told before each attempt, `wait_ms` ahead."""

    attempt: int
    of: int
    reason: str
    wait_ms: int


@named("reconnected")
class Reconnected(SessionEvent):
    """The conversation goes on over a new connection."""

    away_ms: int
    dropped_audio_ms: int = 0
    """Sound of the microphone that nobody heard: it was too old, or was sent to a server that had fallen silent."""
    planned: bool = False
    """Nothing was lost: the connection was changed before the server's limit for a session."""


@named("audio.dropped")
class AnswerDropped(SessionEvent):
    """No speaker took the rest of an answer for too long: it was given up, and the server told so."""

    heard_ms: int
    dropped_ms: int
    item_id: str = ""


@named("response.usage")
class ResponseUsage(SessionEvent):
    """Usage of a response, as the server counted it."""

    response_id: str
    usage: Usage | None
    """None where the server does not say."""
    audio_bytes: int = 0
    """Size of the answer's audio, as it came."""


@named("transcript.usage")
class TranscriptionUsage(SessionEvent):
    """Usage of the transcription of a user's turn; paid apart from the responses."""

    item_id: str
    usage: TranscriptUsage


@named("usage")
class UsageTotal(SessionEvent):
    """Total usage of the session so far, and what it costs."""

    responses: int
    input_tokens: int
    cached_tokens: int
    """Part of the input, and counted in it."""
    output_tokens: int
    tokens: dict[str, int]
    """The same by kind: `audio_input` and `cached_audio_input` are apart."""
    answers_s: float
    """Duration of the answers, heard or not."""
    transcription_tokens: int
    transcribed_s: float
    cost: float | None
    """None where the model's prices are not known."""
    currency: str
    complete: bool
    """False where something was used that has no price: it costs at least this."""
    budget: float | None
    prices: str
    """Source of the prices."""
    estimated: bool
    """True where only one source names the prices, so that the cost is approximate."""
    final: bool


@named("error")
class ErrorShown(SessionEvent):
    """Something went wrong and the session goes on, or ends if `fatal`."""

    message: str
    code: str = ""
    fatal: bool = False


@named("summary")
class Summary(SessionEvent):
    """The last event of a session."""

    turns: int
    xruns: int
    dropped_blocks: int
    duration_s: float
    latency: dict[str, float | None] = field(default_factory=dict)
    """Milliseconds: medians and worst cases of what the session measured."""
    reason: str = ""
    devices_lost: int = 0
    """Losses of the microphone or the speaker."""
    dropped_answer_ms: int = 0
    """Duration of the answers that no speaker took in time."""
    playback: PlaybackStats = field(default_factory=PlaybackStats)
    """Late starts, underruns and the playout delay."""
    processing: ProcessingReport = field(default_factory=ProcessingReport)
    """Processing of the microphone: whether its echo was cancelled, and by how much."""
    reconnects: int = 0
    """Lost connections that were opened again."""
    rotations: int = 0
    """Changes of the connection before the server's limit."""
    dropped_outage_ms: int = 0
    """Audio of the microphone that nobody heard because it was too old when a connection came back."""
