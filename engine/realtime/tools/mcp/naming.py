"""Names for the tools of MCP servers: with their server's before them, and such as the services take."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

_LONGEST = 64
_DIGEST_CHARS = 8
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


def tool_name(server: str, tool: str, taken: Collection[str] = ()) -> str:
    """Return a name of letters, digits, `_` and `-`, 64 at most, that is not taken.

    What has to be changed or cut gets a digest of the whole name, so that two tools never become one.

    Args:
        server: Name of the server in the configuration.
        tool: Name that the server gives the tool.
        taken: Names that are in use.

    Example:
        >>> tool_name("files", "read_file"), tool_name("files", "read file")
        ('files_read_file', 'files_read_file_b180fddd')
    """
    whole = f"{server}_{tool}"
    name = _FOREIGN.sub("_", whole)
    if name == whole and len(name) <= _LONGEST and name not in taken:
        return name
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST_CHARS]
    return f"{name[: _LONGEST - _DIGEST_CHARS - 1]}_{digest}"
