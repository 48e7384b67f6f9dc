"""The items a client puts into the conversation, as the objects that conversation.item.create carries."""

from __future__ import annotations

from typing import Any, Literal

_Object = dict[str, Any]


def user_text_item(text: str) -> _Object:
    """A turn the user typed."""
    return _message_item("user", {"type": "input_text", "text": text})


def agent_text_item(text: str) -> _Object:
    """Earlier words of the agent; one service refuses these: tell it in a turn of the user's."""
    return _message_item("assistant", {"type": "output_text", "text": text})


def _message_item(role: Literal["user", "assistant"], part: _Object) -> _Object:
    return {"type": "message", "role": role, "content": [part]}


def function_call_item(call_id: str, name: str, arguments: str) -> _Object:
    """A call the model made earlier; `arguments` is JSON text."""
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def function_output_item(call_id: str, output: str) -> _Object:
    """The answer to a tool call."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def approval_item(item_id: str, approval_request_id: str, *, approve: bool, reason: str = "") -> _Object:
    """The person's word on a call to an MCP tool that the service wants to make."""
    answer = {"id": item_id, "approval_request_id": approval_request_id, "approve": approve}
    return {"type": "mcp_approval_response", **answer} | ({"reason": reason} if reason else {})
