"""What happens with tools, as a line on the terminal."""

from __future__ import annotations

import json

from engine.realtime.notices import (
    ApprovalAsked,
    ApprovalGiven,
    McpServerChanged,
    RemoteCall,
    RemoteTools,
    ToolCalled,
    ToolReturned,
    ToolsAwaited,
)

_SHOWN_CHARS = 300
_STATES = {"failed": "could not be started", "lost": "was lost and is started again", "given up": "is given up"}

ToolNotice = (
    ToolCalled
    | ToolReturned
    | ToolsAwaited
    | McpServerChanged
    | RemoteTools
    | RemoteCall
    | ApprovalAsked
    | ApprovalGiven
)


def call_text(name: str, arguments: dict[str, object]) -> str:
    """A call as a line of Python would write it.

    Example:
        >>> call_text("get_weather", {"city": "Omsk"})
        'get_weather(city="Omsk")'
    """
    given = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    return f"{name}({given})"


def tool_line(notice: ToolNotice) -> str:
    """Return the line for a notice.

    Example:
        >>> tool_line(ToolCalled("get_weather", {"city": "Omsk"}))
        '  tool get_weather(city="Omsk")'
    """
    match notice:
        case ToolCalled(name, arguments, _, server_side):
            return f"  {'the server runs' if server_side else 'tool'} {call_text(name, arguments)}"
        case ToolReturned(name, output, _, failed, cut_chars):
            cut = f" ({cut_chars} characters too long for the model: cut)" if cut_chars else ""
            return f"  {name} {'failed: ' if failed else 'returned '}{output[:_SHOWN_CHARS]}{cut}"
        case ToolsAwaited(names):
            return f"Waiting for {', '.join(names)} to finish; Ctrl+C again waits no longer."
        case McpServerChanged(name, "ready", _, tools):
            return f"MCP server {name}: {tools} tool{'' if tools == 1 else 's'}."
        case McpServerChanged(name, state, reason):
            return f"MCP server {name} {_STATES[state]}: {reason}."
        case _:
            return _remote_line(notice)


def _remote_line(notice: RemoteTools | RemoteCall | ApprovalAsked | ApprovalGiven) -> str:
    """The line for what the service does with MCP servers of its own."""
    match notice:
        case RemoteTools(server, _, failed=True):
            return f"The service could not ask MCP server {server} for its tools."
        case RemoteTools(server, names):
            return f"The service has the tools of MCP server {server}: {', '.join(names) or 'none'}."
        case RemoteCall(server, name, "returned", outcome):
            return f"  {server}.{name} returned {outcome[:_SHOWN_CHARS]}"
        case RemoteCall(server, name, state):
            return f"  the service calls {server}.{name}: {state.replace('_', ' ')}"
        case ApprovalAsked(_, server, name, arguments):
            return f"  the service asks whether it may call {server}.{call_text(name, arguments)}"
        case ApprovalGiven(_, server, name, approve, reason):
            return f"  {server}.{name} {'allowed' if approve else f'refused: {reason}'}"
