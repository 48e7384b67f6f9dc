"""What a Realtime server says that we act on, as small frozen values: the vocabulary of the conversation.

`engine.realtime.decoding` makes them from the wire, under their GA names and those of the beta. A module for each part
of the protocol; fields that a server leaves out or sends as null have their defaults.
"""

from __future__ import annotations

from engine.realtime.events.base import ErrorEvent as ErrorEvent
from engine.realtime.events.base import MalformedEvent as MalformedEvent
from engine.realtime.events.base import ServerError as ServerError
from engine.realtime.events.base import ServerEvent as ServerEvent
from engine.realtime.events.base import UnknownEvent as UnknownEvent
from engine.realtime.events.input_audio import Cleared as Cleared
from engine.realtime.events.input_audio import Committed as Committed
from engine.realtime.events.input_audio import SpeechStarted as SpeechStarted
from engine.realtime.events.input_audio import SpeechStopped as SpeechStopped
from engine.realtime.events.input_audio import TimeoutTriggered as TimeoutTriggered
from engine.realtime.events.items import ContentPart as ContentPart
from engine.realtime.events.items import Item as Item
from engine.realtime.events.items import ItemAdded as ItemAdded
from engine.realtime.events.items import ItemDone as ItemDone
from engine.realtime.events.mcp import McpCall as McpCall
from engine.realtime.events.mcp import McpListing as McpListing
from engine.realtime.events.output import AudioDelta as AudioDelta
from engine.realtime.events.output import AudioDone as AudioDone
from engine.realtime.events.output import TextDelta as TextDelta
from engine.realtime.events.output import TextDone as TextDone
from engine.realtime.events.responses import OutputItemAdded as OutputItemAdded
from engine.realtime.events.responses import OutputItemDone as OutputItemDone
from engine.realtime.events.responses import ResponseCreated as ResponseCreated
from engine.realtime.events.responses import ResponseDone as ResponseDone
from engine.realtime.events.session import SessionCreated as SessionCreated
from engine.realtime.events.session import SessionEvent as SessionEvent
from engine.realtime.events.session import SessionUpdated as SessionUpdated
from engine.realtime.events.transcription import TranscriptCompleted as TranscriptCompleted
from engine.realtime.events.transcription import TranscriptFailed as TranscriptFailed
from engine.realtime.events.usage import TranscriptUsage as TranscriptUsage
from engine.realtime.events.usage import Usage as Usage
