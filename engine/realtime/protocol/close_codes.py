"""Close codes of WebSockets in words, and what each means: try again, give up, or correct the account."""

from __future__ import annotations

from engine.errors import (
    AccessRefusedError,
    Advice,
    ConnectionFailedError,
    ModelRefusedError,
    ProtocolBrokenError,
    SessionClosedError,
    VoiceError,
)
from engine.realtime.protocol.errors import CHECK_ACCOUNT, LONGEST_SHOWN, NO_MODEL, OTHER_SERVER, REFUSED, code_of
from engine.realtime.protocol.server_events import ServerError

_TEMPORARY = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015})
"""Close codes after which the same server may be there again in a moment."""


def closed(code: int | None, reason: str) -> VoiceError:
    """Return the error that a closed WebSocket means.

    Args:
        code: The close code; None or 1006 where the connection broke without one.
        reason: The server's words, perhaps none.
    """
    said = f": {' '.join(reason.split())[:LONGEST_SHOWN]}" if reason.strip() else ""
    meant = code_of(ServerError(reason))
    if code in (1008, 4000, 4001) or meant in REFUSED or meant == NO_MODEL:
        kind = ModelRefusedError if "model" in said.lower() else AccessRefusedError
        return kind(f"The server refuses this session (close code {code}){said}.", fix=CHECK_ACCOUNT)
    if code in (1002, 1003, 1007, 1009):
        return ProtocolBrokenError(
            f"The server and this client do not understand each other (close code {code}){said}.", fix=OTHER_SERVER
        )
    if code is None or code == 1006:
        return ConnectionFailedError(f"The connection to the server broke{said}.", fix="Try again.")
    ended = ConnectionFailedError if code in _TEMPORARY else SessionClosedError
    return ended(f"The server closed the connection (close code {code}){said}.", fix=Advice.AGAIN)
