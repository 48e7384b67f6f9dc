"""One client's session: client events in, server events out."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from engine.local.answering.answers import Answers
from engine.local.context import ConversationContext
from engine.local.hearing.input_buffer import InputBuffer
from engine.local.items import Items
from engine.local.protocol.client_items import checked_item
from engine.local.protocol.client_schema import check_event
from engine.local.protocol.identifiers import new_id
from engine.local.protocol.settings import Settings
from engine.local.protocol.validation import Refusal, parse
from engine.local.speech_worker import SpeechWorker

_Object = dict[str, Any]
_LOG = logging.getLogger(__name__)


class LocalSession:
    """Holds one conversation. `handle` takes a client's text frame; `close` ends what still runs."""

    def __init__(
        self, send_text: Callable[[str], Awaitable[None]], speech_worker: SpeechWorker, wanted: _Object | None = None
    ) -> None:
        """Make a conversation that begins with the session `wanted`, which was checked."""
        self._send_text = send_text
        self._settings = Settings(new_id("sess"))
        self._settings.update(wanted or {})
        self._items = Items()
        self._mcp_labels: frozenset[str] = frozenset()
        """Remote servers whose tools were asked for."""
        self._context = context = ConversationContext(self._send, self._settings, self._items, speech_worker)
        self._answers = Answers(context)
        self._buffer = InputBuffer(context, self._answers)
        self._handlers: dict[str, Callable[[_Object], Awaitable[None]]] = {
            "session.update": self._update,
            "input_audio_buffer.append": self._buffer.append,
            "input_audio_buffer.commit": self._buffer.commit,
            "input_audio_buffer.clear": self._buffer.clear,
            "output_audio_buffer.clear": self._clear_output,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.delete": self._delete_item,
            "conversation.item.truncate": self._truncate_item,
            "response.create": self._answers.create,
            "response.cancel": self._answers.cancel,
        }

    async def open(self) -> None:
        """Greet the client."""
        await self._send("session.created", session=self._settings.session)

    async def handle(self, text: str) -> None:
        """Carry out one client event; what is wrong with it becomes an error event."""
        event_id = None
        try:
            message = parse(text)
            event_id = message.get("event_id")
            kind = check_event(message)
            await self._handlers[kind](message)
        except Refusal as refusal:
            await self._refuse(refusal, event_id if isinstance(event_id, str) else None)
        except ConnectionError:
            raise
        except Exception:
            _LOG.exception("an event broke the session's code")
            failure = {"code": "internal_error", "message": "The server failed to carry this out.", "param": None}
            await self._send("error", error={"type": "server_error", **failure, "event_id": event_id})

    async def refuse_binary(self) -> None:
        """Answer a binary frame."""
        await self._refuse(Refusal("Binary frames are not part of the protocol.", "invalid_json"), None)

    async def close(self) -> None:
        """Cancel what runs, wait for its end, and let go of what is large before the collector comes by."""
        await self._context.transcriptions.close()
        await self._answers.close()
        self._buffer.restart()
        self._items.stored.clear()

    async def _send(self, kind: str, **fields: Any) -> None:
        # ASCII throughout: half a surrogate pair, which JSON can carry, has no UTF-8.
        await self._send_text(json.dumps({"type": kind, "event_id": new_id("event"), **fields}))

    async def _refuse(self, refusal: Refusal, event_id: str | None) -> None:
        await self._send("error", error={**refusal.as_json(), "event_id": event_id})

    async def _update(self, message: _Object) -> None:
        before = self._ears()
        self._settings.update(message["session"], voice_is_fixed=self._items.has_agent_audio)
        if self._ears() != before:
            self._buffer.restart()
        await self._send("session.updated", session=self._settings.session)
        for label in self._settings.mcp_labels - self._mcp_labels:
            await self._fail_to_list(label)
        self._mcp_labels |= self._settings.mcp_labels

    async def _fail_to_list(self, label: str) -> None:
        """Say of a remote server's tools that they cannot be listed: this server calls nobody."""
        item = {"id": new_id("mcpl"), "type": "mcp_list_tools", "server_label": label, "tools": []}
        before = self._items.add(item)
        await self._send("conversation.item.added", item=item, previous_item_id=before)
        await self._send("mcp_list_tools.in_progress", item_id=item["id"])
        await self._send("mcp_list_tools.failed", item_id=item["id"])
        await self._send("conversation.item.done", item=item, previous_item_id=before)

    def _ears(self) -> tuple[object, object]:
        """Settings on which the input buffer depends: turning automatic answers off and on keeps what was said."""
        vad = self._settings.vad
        return vad and vad.ears, self._settings.input_format

    async def _clear_output(self, _message: _Object) -> None:
        raise Refusal("Only connections with a media channel have an output buffer.", "invalid_value", "type")

    async def _create_item(self, message: _Object) -> None:
        item = checked_item(message["item"], new_id("item"))
        sounds = self._buffer.taken_sounds(item)
        before = self._items.add(item, message.get("previous_item_id"))
        await self._send("conversation.item.added", item=item, previous_item_id=before)
        await self._send("conversation.item.done", item=item, previous_item_id=before)
        await self._buffer.hear(item, sounds)

    async def _retrieve_item(self, message: _Object) -> None:
        await self._send("conversation.item.retrieved", item=self._items.find(message["item_id"], "retrieve").item)

    async def _delete_item(self, message: _Object) -> None:
        self._items.delete(message["item_id"])
        await self._send("conversation.item.deleted", item_id=message["item_id"])

    async def _truncate_item(self, message: _Object) -> None:
        place = {name: message[name] for name in ("item_id", "content_index", "audio_end_ms")}
        self._items.truncate(**place)
        await self._send("conversation.item.truncated", **place)
