"""What a Realtime server says, as small frozen values: the vocabulary of the conversation.

`engine.realtime.decoding` makes them from the wire, under their GA names and those of the beta. A module for each part
of the protocol; fields that a server leaves out or sends as null have their defaults.
"""

from __future__ import annotations

from engine.realtime.events.base import (
    ErrorEvent,
    MalformedEvent,
    ServerError,
    ServerEvent,
    UnknownEvent,
)
from engine.realtime.events.input_audio import (
    Cleared,
    Committed,
    DtmfReceived,
    SpeechStarted,
    SpeechStopped,
    TimeoutTriggered,
)
from engine.realtime.events.items import (
    ContentPart,
    Item,
    ItemAdded,
    ItemDeleted,
    ItemDone,
    ItemRetrieved,
    ItemTruncated,
)
from engine.realtime.events.mcp import (
    McpArgumentsDelta,
    McpArgumentsDone,
    McpCall,
    McpListing,
)
from engine.realtime.events.output import (
    AudioDelta,
    AudioDone,
    PlaybackCleared,
    PlaybackStarted,
    PlaybackStopped,
    TextDelta,
    TextDone,
)
from engine.realtime.events.responses import (
    ArgumentsDelta,
    ArgumentsDone,
    ContentPartAdded,
    ContentPartDone,
    OutputItemAdded,
    OutputItemDone,
    ResponseCreated,
    ResponseDone,
)
from engine.realtime.events.session import (
    ConversationCreated,
    RateLimit,
    RateLimitsUpdated,
    SessionCreated,
    SessionEvent,
    SessionUpdated,
)
from engine.realtime.events.transcription import (
    Language,
    TokenProbability,
    TranscriptCompleted,
    TranscriptDelta,
    TranscriptFailed,
    TranscriptSegment,
)
from engine.realtime.events.usage import (
    TranscriptUsage,
    Usage,
)

__all__ = [
    "ArgumentsDelta",
    "ArgumentsDone",
    "AudioDelta",
    "AudioDone",
    "Cleared",
    "Committed",
    "ContentPart",
    "ContentPartAdded",
    "ContentPartDone",
    "ConversationCreated",
    "DtmfReceived",
    "ErrorEvent",
    "Item",
    "ItemAdded",
    "ItemDeleted",
    "ItemDone",
    "ItemRetrieved",
    "ItemTruncated",
    "Language",
    "MalformedEvent",
    "McpArgumentsDelta",
    "McpArgumentsDone",
    "McpCall",
    "McpListing",
    "OutputItemAdded",
    "OutputItemDone",
    "PlaybackCleared",
    "PlaybackStarted",
    "PlaybackStopped",
    "RateLimit",
    "RateLimitsUpdated",
    "ResponseCreated",
    "ResponseDone",
    "ServerError",
    "ServerEvent",
    "SessionCreated",
    "SessionEvent",
    "SessionUpdated",
    "SpeechStarted",
    "SpeechStopped",
    "TextDelta",
    "TextDone",
    "TimeoutTriggered",
    "TokenProbability",
    "TranscriptCompleted",
    "TranscriptDelta",
    "TranscriptFailed",
    "TranscriptSegment",
    "TranscriptUsage",
    "UnknownEvent",
    "Usage",
]
