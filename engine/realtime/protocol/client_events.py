"""Client events, which we send to a Realtime server: one small value for each event, and its JSON."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.realtime.protocol.codec import encode_base64, write_json
from engine.realtime.protocol.named import named


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """Base of all; `event_id` is what the server's errors will name."""

    type: ClassVar[str]
    event_id: str

    def fields(self) -> dict[str, Any]:
        """Return the event's own fields, without type and event_id, and without empty texts."""
        values = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)[1:]}
        return {name: value for name, value in values.items() if value != ""}

    def to_frame(self) -> bytes:
        """Return the event's JSON in UTF-8, ready for the socket."""
        return write_json({"type": self.type, "event_id": self.event_id, **self.fields()})


@named("session.update")
class UpdateSession(ClientEvent):
    """session.update."""

    session: dict[str, Any]


@named("input_audio_buffer.append")
class AppendAudio(ClientEvent):
    """input_audio_buffer.append: PCM16 little-endian mono at the wire rate."""

    pcm16: bytes = field(repr=False)
    at_sample: int = field(default=0, compare=False)
    """Position of its first sample in all that the microphone has heard; for recordings, not sent."""
    captured_at_s: float = field(default=0.0, compare=False)
    """Time of its last frame, on the loop's clock; not sent."""

    def fields(self) -> dict[str, Any]:
        """Return the audio as base64."""
        return {"audio": encode_base64(self.pcm16)}


@named("input_audio_buffer.commit")
class CommitAudio(ClientEvent):
    """input_audio_buffer.commit: the user's turn ends here."""


@named("input_audio_buffer.clear")
class ClearAudio(ClientEvent):
    """input_audio_buffer.clear: forget what the microphone sent; never for an interruption."""


@named("conversation.item.create")
class CreateItem(ClientEvent):
    """conversation.item.create; `engine.realtime.protocol.client_items` makes the items."""

    item: dict[str, Any]
    previous_item_id: str = ""
    """Its place: after this item, at the beginning (`root`), or at the end if empty."""


@named("conversation.item.truncate")
class TruncateItem(ClientEvent):
    """conversation.item.truncate: forget what was not heard of this part."""

    item_id: str
    content_index: int
    audio_end_ms: int


@named("conversation.item.delete")
class DeleteItem(ClientEvent):
    """conversation.item.delete."""

    item_id: str


@named("conversation.item.retrieve")
class RetrieveItem(ClientEvent):
    """conversation.item.retrieve: the server answers with the item as it has it, audio included."""

    item_id: str


@named("response.create")
class CreateResponse(ClientEvent):
    """response.create: the session's own settings hold."""


@named("response.cancel")
class CancelResponse(ClientEvent):
    """response.cancel; with the id, the next response cannot be hit by mistake."""

    response_id: str = ""


class EventIds:
    """Names for client events, the same in every run of the same session.

    Example:
        >>> ids = EventIds("voice")
        >>> ids.next(), ids.next()
        ('voice_1', 'voice_2')
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0

    def next(self) -> str:
        """Return a name that was not given before."""
        self._count += 1
        return f"{self._prefix}_{self._count}"
