"""What a Realtime server says that we act on, as small frozen values: the vocabulary of the conversation.

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
    SpeechStarted,
    SpeechStopped,
    TimeoutTriggered,
)
from engine.realtime.events.items import (
    ContentPart,
    Item,
    ItemAdded,
    ItemDone,
)
from engine.realtime.events.mcp import (
    McpCall,
    McpListing,
)
from engine.realtime.events.output import (
    AudioDelta,
    AudioDone,
    TextDelta,
    TextDone,
)
from engine.realtime.events.responses import (
    OutputItemAdded,
    OutputItemDone,
    ResponseCreated,
    ResponseDone,
)
from engine.realtime.events.session import (
    SessionCreated,
    SessionEvent,
    SessionUpdated,
)
from engine.realtime.events.transcription import (
    Language,
    TokenProbability,
    TranscriptCompleted,
    TranscriptFailed,
)
from engine.realtime.events.usage import (
    TranscriptUsage,
    Usage,
)

__all__ = [
    "AudioDelta",
    "AudioDone",
    "Cleared",
    "Committed",
    "ContentPart",
    "ErrorEvent",
    "Item",
    "ItemAdded",
    "ItemDone",
    "Language",
    "MalformedEvent",
    "McpCall",
    "McpListing",
    "OutputItemAdded",
    "OutputItemDone",
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
    "TranscriptFailed",
    "TranscriptUsage",
    "UnknownEvent",
    "Usage",
]
