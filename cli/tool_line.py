"""What happens with tools, as a line on the terminal."""

from __future__ import annotations

import json

from engine.realtime.notices import McpServerChanged, ToolCalled, ToolReturned, ToolsAwaited

_SHOWN_CHARS = 300
_STATES = {"failed": "could not be started", "lost": "was lost and is started again", "given up": "is given up"}


def tool_line(notice: ToolCalled | ToolReturned | ToolsAwaited | McpServerChanged) -> str:
    """Return the line for a notice.

    Example:
        >>> tool_line(ToolCalled("get_weather", {"city": "Omsk"}))
        '  tool get_weather(city="Omsk")'
    """
    match notice:
        case ToolCalled(name, arguments, _, server_side):
            given = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
            return f"  {'the server runs' if server_side else 'tool'} {name}({given})"
        case ToolReturned(name, output, _, failed, cut_chars):
            cut = f" ({cut_chars} characters too long for the model: cut)" if cut_chars else ""
            return f"  {name} {'failed: ' if failed else 'returned '}{output[:_SHOWN_CHARS]}{cut}"
        case ToolsAwaited(names):
            return f"Waiting for {', '.join(names)} to finish; Ctrl+C again waits no longer."
        case McpServerChanged(name, "ready", _, tools):
            return f"MCP server {name}: {tools} tool{'' if tools == 1 else 's'}."
        case McpServerChanged(name, state, reason):
            return f"MCP server {name} {_STATES[state]}: {reason}."
