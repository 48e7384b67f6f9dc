"""The other ends of a conversation, as plain models: a server that takes and says events, and a player that plays."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.audio.playback.segments import Cut, Heard, ItemKey
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import (
    CancelResponse,
    ClientEvent,
    CommitAudio,
    CreateItem,
    CreateResponse,
    DeleteItem,
    TruncateItem,
)

BYTES_PER_MS = 48
"""PCM16 at 24 kHz."""
SERVER_TOOL = "web_search"


@dataclass
class PlayedPart:
    """What the player was given of one part of an item."""

    key: ItemKey
    received_ms: int = 0
    heard_ms: int = 0
    ended: bool = False


class PlayerModel:
    """Plays parts one after the other; a stop yields a cut that is reported later."""

    def __init__(self) -> None:
        self.parts: list[PlayedPart] = []
        self.cuts: deque[Cut] = deque()

    def play(self, key: ItemKey, audio: bytes) -> None:
        """Append audio."""
        if not self.parts or self.parts[-1].key != key or self.parts[-1].ended:
            self.end(self.parts[-1].key if self.parts else key)
            self.parts.append(PlayedPart(key))
        self.parts[-1].received_ms += len(audio) // BYTES_PER_MS

    def end(self, key: ItemKey) -> None:
        """No more comes of the last part, if it is this one."""
        if self.parts and self.parts[-1].key == key:
            self.parts[-1].ended = True

    def pass_time(self, ms: int) -> None:
        """Let the device take so much."""
        for part in self.parts:
            taken = min(ms, part.received_ms - part.heard_ms)
            part.heard_ms += taken
            ms -= taken
        while len(self.parts) > 1 and self.parts[0].heard_ms == self.parts[0].received_ms:
            del self.parts[0]

    def stop(self) -> None:
        """Silence."""
        unheard = [part for part in self.parts if not part.ended or part.heard_ms < part.received_ms]
        self.cuts.append(Cut(tuple(Heard(part.key, part.heard_ms, part.received_ms) for part in unheard), 8.0))
        self.parts = []

    @property
    def sounds(self) -> bool:
        """Whether something is still to be heard."""
        return any(part.heard_ms < part.received_ms for part in self.parts)


@dataclass
class ServerModel:
    """Carries out the client's events in their order, and says events, which wait until they are delivered."""

    interrupts: bool
    """Whether speech ends the running response."""
    detects_turns: bool
    """Whether it hears where speech begins and ends, and answers it by itself."""
    answers_tools: bool
    """Whether it answers results by itself, without being asked."""
    names_events: bool
    """Whether its errors name the client's event."""
    renames: bool
    """Whether each response has an id of its own."""
    said: deque[e.ServerEvent] = field(default_factory=deque)
    inbox: deque[ClientEvent] = field(default_factory=deque)
    active: str = ""
    item_id: str = ""
    """The item of the running response."""
    hears_speech: bool = False
    calls: dict[str, str] = field(default_factory=dict)
    """Name by call id, as made on this connection."""
    parts: dict[ItemKey, int] = field(default_factory=dict)
    """Milliseconds by part, as sent on this connection."""
    wants_answer: bool = False
    """A turn of the user came in and no response has begun since."""
    cancelled_answer: bool = False
    """The client cancelled the answer to the user's last turn."""
    spoken_to: bool = False
    """That turn was a spoken one."""
    replayed: list[dict[str, Any]] = field(default_factory=list)
    """What it was told of the conversation on this connection, each item in its place."""
    retold_ids: set[str] = field(default_factory=set)
    """Of all these items, and of those on earlier connections."""
    count: int = 0

    def begin(self) -> None:
        """Start a response."""
        self.count += 1
        self.active = f"r{self.count if self.renames else 0}"
        self.item_id = f"{self.active}-item{self.count}"
        self.wants_answer = self.spoken_to = self.cancelled_answer = False
        self.said.append(e.ResponseCreated(self.active))

    def speak(self, part: int, ms: int) -> None:
        """Say some sound and a word."""
        key = ItemKey(self.item_id, part)
        self.parts[key] = self.parts.get(key, 0) + ms
        self.said.append(e.AudioDelta(self.active, key.item_id, part, bytes(BYTES_PER_MS * ms)))
        self.said.append(e.TextDelta(self.active, key.item_id, 0, "word "))

    def call(self, name: str) -> None:
        """Call a tool."""
        self.count += 1
        call_id = f"c{self.count}"
        self.calls[call_id] = name
        item = e.Item(id=f"item-{call_id}", type="function_call", name=name, call_id=call_id, arguments="{}")
        self.said.append(e.OutputItemDone(self.active, item))

    def end(self, status: str) -> None:
        """End the running response."""
        ended, self.active = self.active, ""
        self.said.append(e.ResponseDone(ended, status))
        self._answer_speech()

    def hear_speech(self) -> None:
        """The user begins to speak."""
        self.hears_speech = True
        self.said.append(e.SpeechStarted(f"u{self.count}"))
        if self.active and self.interrupts:
            self.end("cancelled")

    def hear_silence(self) -> None:
        """The user has spoken."""
        self.hears_speech = False
        self.said.append(e.SpeechStopped(f"u{self.count}"))
        self.spoken_to = True
        self._answer_speech()

    def _answer_speech(self) -> None:
        if self.spoken_to and not (self.active or self.hears_speech):
            self.begin()

    def carry_out(self) -> None:
        """Take the oldest of what the client sent."""
        event = self.inbox.popleft()
        match event:
            case CreateResponse() if self.active:
                self._refuse(event, "conversation_already_has_active_response")
            case CreateResponse():
                self.begin()
            case CancelResponse(_, response_id) if not self.active or response_id not in ("", self.active):
                self._refuse(event, "response_cancel_not_active")
            case CancelResponse():
                self.cancelled_answer = True
                self.end("cancelled")
            case CommitAudio():
                self.wants_answer = True
                self.said.append(e.Committed(f"u{self.count}"))
            case CreateItem(_, {"type": "function_call", "call_id": call_id, "name": name}):
                self.calls[call_id] = name
            case CreateItem(_, {"type": "function_call_output", "call_id": call_id}):
                assert self.calls[call_id] != SERVER_TOOL
                if self.answers_tools and not self.active and not self.hears_speech:
                    self.begin()
            case CreateItem(_, {"type": "message", "role": "user"} as item) if "id" not in item:
                self.wants_answer = True
            case TruncateItem(_, item_id, content_index, audio_end_ms):
                assert audio_end_ms <= self.parts[ItemKey(item_id, content_index)]
            case DeleteItem(_, item_id) if item_id not in self.retold_ids:
                assert any(key.item_id == item_id for key in self.parts)

    def note_retold(self, event: ClientEvent) -> None:
        """Carry out at once what is about the items of the history: it must be right."""
        match event:
            case CreateItem(_, {"id": str(item_id)} as item, previous_item_id):
                assert item_id not in self.retold_ids
                self.retold_ids.add(item_id)
                ids = [item["id"] for item in self.replayed]
                places = {"": len(ids)} | {known: at + 1 for at, known in enumerate(ids)}
                self.replayed.insert(places[previous_item_id], item)
            case DeleteItem(_, item_id) if item_id in self.retold_ids:
                (gone,) = (item for item in self.replayed if item["id"] == item_id)
                self.replayed.remove(gone)

    def _refuse(self, event: ClientEvent, code: str) -> None:
        self.said.append(
            e.ErrorEvent(e.ServerError(code, code=code, event_id=event.event_id if self.names_events else ""))
        )

    def forget_connection(self) -> None:
        """The connection is gone, and with it everything but what the client remembers."""
        self.said.clear()
        self.inbox.clear()
        self.active = ""
        self.hears_speech = self.wants_answer = self.spoken_to = self.cancelled_answer = False
        self.calls.clear()
        self.parts.clear()
        self.replayed.clear()


def agents_words(items: Iterable[dict[str, Any]]) -> list[str]:
    """What the agent says in these items."""
    return [item["content"][0]["text"] for item in items if item.get("role") == "assistant"]


def expected_of(cut: Cut, is_played: set[ItemKey]) -> Iterator[tuple[str, int, int] | str]:
    """What a server must be told of a cut: (item, part, milliseconds), or the item to delete."""
    for heard in cut.heard:
        has_other = any(key.item_id == heard.key.item_id and key != heard.key for key in is_played)
        if heard.heard_ms == 0 and not has_other:
            yield heard.key.item_id
        else:
            yield (heard.key.item_id, heard.key.content_index, min(heard.heard_ms, heard.received_ms))
