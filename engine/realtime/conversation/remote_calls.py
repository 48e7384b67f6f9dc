"""Calls to MCP servers that the service makes itself: what it asks, what it does, and when the model is to go on.

The service needs no output of ours, but it does not go on by itself either: when a call is over, and its response too,
the model has to be asked to, as after a call of ours.
"""

from __future__ import annotations

from engine.realtime.conversation.actions import Action, Send, Show, ToolCall
from engine.realtime.conversation.responses import PendingResults
from engine.realtime.protocol import server_events as e
from engine.realtime.protocol.client_events import CreateItem, EventIds
from engine.realtime.protocol.client_items import approval_item
from engine.realtime.session_events import ApprovalAsked, ApprovalGiven, RemoteCall, RemoteTools

_REMEMBERED = 256


class RemoteCalls:
    """The part of a conversation's state that remote MCP servers make."""

    def __init__(self, ids: EventIds, pending_results: PendingResults) -> None:
        self._ids = ids
        self._pending_results = pending_results
        self._items: dict[str, e.Item] = {}
        """The newest items of MCP servers."""
        self._told: dict[tuple[str, str], None] = {}
        """The states that have been shown, in order: servers repeat themselves."""
        self._asked: dict[str, ApprovalAsked] = {}

    @property
    def pending(self) -> bool:
        """Whether the person has a question to answer."""
        return bool(self._asked)

    def handle(self, event: e.ServerEvent) -> list[Action]:
        """Take an event that nobody else does."""
        match event:
            case e.ItemAdded(item) | e.OutputItemAdded(item=item) if item.type == "message":
                # It speaks after the call: it has gone on by itself.
                if item.role == "assistant":
                    self._pending_results.remote_pending = False
            case e.ItemAdded(item) | e.OutputItemAdded(item=item):
                self._note(item)
            case e.ItemDone(item):
                return self.item_done(item)
            case e.McpListing(item_id, "failed"):
                return self._once(item_id, "listed", RemoteTools(self._item(item_id).server_label, [], failed=True))
            case e.McpCall(item_id, status=status):
                return self._call(item_id, status)
        return []

    def item_done(self, item: e.Item) -> list[Action]:
        """Take a whole item, which comes twice: as the conversation's and as its response's."""
        self._note(item)
        match item.type:
            case "mcp_list_tools":
                names = [str(tool.get("name", "")) for tool in item.tools]
                return self._once(item.id, "listed", RemoteTools(item.server_label, names))
            case "mcp_approval_request" if ("asked", item.id) not in self._told:
                given = ToolCall(item.id, item.name, item.arguments).shown_arguments
                asked = self._asked[item.id] = ApprovalAsked(item.id, item.server_label, item.name, given)
                return self._once(item.id, "asked", asked)
            case "mcp_call" if item.error or item.output:
                return self._call(item.id, "returned", item.error.message if item.error else item.output)
        return []

    def approve(self, approval_id: str, *, approve: bool, reason: str = "") -> list[Action]:
        """Take the person's answer to a question, once; the service makes the call or leaves it."""
        asked = self._asked.pop(approval_id, None)
        if asked is None:
            return []
        event_id = self._ids.next()
        item = approval_item(f"approval_{event_id}", approval_id, approve=approve, reason=reason)
        # What is refused comes to nothing that could end: the model is to go on at once.
        self._pending_results.remote_pending |= not approve
        return [
            Send(CreateItem(event_id, item)),
            Show(ApprovalGiven(approval_id, asked.server, asked.name, approve, reason)),
        ]

    def _call(self, item_id: str, state: str, outcome: str = "") -> list[Action]:
        """Tell of a call; once it is over, whoever says so first, the model is to go on."""
        item = self._item(item_id)
        if state != "in_progress":
            self._pending_results.remote_pending |= self._is_new(item_id, "over")
        return self._once(item_id, state, RemoteCall(item.server_label, item.name, state, outcome, item_id))

    def _item(self, item_id: str) -> e.Item:
        return self._items.get(item_id) or e.Item(id=item_id)

    def _note(self, item: e.Item) -> None:
        if item.type.startswith("mcp_"):
            self._items[item.id] = item
            while len(self._items) > _REMEMBERED:
                del self._items[next(iter(self._items))]

    def _once(self, item_id: str, what: str, session_event: RemoteTools | RemoteCall | ApprovalAsked) -> list[Action]:
        return [Show(session_event)] if self._is_new(item_id, what) else []

    def _is_new(self, item_id: str, what: str) -> bool:
        is_new = (what, item_id) not in self._told
        self._told[what, item_id] = None
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return is_new
