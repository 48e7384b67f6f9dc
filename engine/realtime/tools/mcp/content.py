"""Results of MCP tools as text: what a model that hears and reads can be given of them."""

from __future__ import annotations

import json
from typing import Any

from mcp import types

from engine.realtime.tools.tool import ToolError


def text_of(result: types.CallToolResult) -> str:
    """Return the text blocks and the structured content of a result; of images and sounds, that they are there.

    Raises:
        ToolError: the server says that the call failed; its own words are the text.
    """
    blocks = [_block(block) for block in result.content]
    structured = result.structured_content
    if structured is not None and not any(_says(block, structured) for block in blocks):
        blocks.append(json.dumps(structured, ensure_ascii=False))
    text = "\n".join(block for block in blocks if block)
    if result.is_error:
        raise ToolError(text or "The tool failed and gave no reason.")
    return text or "The tool returned nothing."


def _block(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent(text=text) | types.EmbeddedResource(resource=types.TextResourceContents(text=text)):
            return text
        case types.ImageContent(mime_type=kind, data=data):
            return _unshown("an image", kind, data)
        case types.AudioContent(mime_type=kind, data=data):
            return _unshown("a sound", kind, data)
        case types.ResourceLink(name=name, uri=uri):
            return f"[a link: {name}, {uri}]"
        case types.EmbeddedResource(resource=types.BlobResourceContents(blob=data, mime_type=kind)):
            return _unshown("a file", kind or "unknown kind", data)
    return ""


def _unshown(what: str, kind: str, base64: str) -> str:
    size = len(base64) * 3 // 4 - base64[-2:].count("=")
    return f"[{what}, {kind}, {size} bytes: it cannot be given to you]"


def _says(block: str, structured: Any) -> bool:
    """Whether a text block repeats the structured content, as the protocol advises servers to let it."""
    try:
        said = json.loads(block)
    except (ValueError, RecursionError):
        said = block
    return bool(structured in (said, {"result": said}))
