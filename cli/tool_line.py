"""What happens with tools, as a line on the terminal."""

from __future__ import annotations

import json

from engine.realtime.notices import ToolCalled, ToolReturned, ToolsAwaited

_SHOWN_CHARS = 300


def tool_line(notice: ToolCalled | ToolReturned | ToolsAwaited) -> str:
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
