"""Errors of a Realtime server, and what they mean: harmless, for the person to see, or the end of the session."""

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
from engine.realtime.protocol.server_events import ServerError

COMMIT_EMPTY = "input_audio_buffer_commit_empty"
_BENIGN = frozenset(
    {
        "response_cancel_not_active",
        "conversation_already_has_active_response",
        COMMIT_EMPTY,
    }
)
_REFUSED = frozenset(
    {
        "insufficient_quota",
        "invalid_api_key",
        "invalid_authentication",
        "account_deactivated",
        "billing_hard_limit_reached",
    }
)
_NO_MODEL = "model_not_found"
_CHECK = "Check the key, the model and the account's quota."
_EXPIRED = frozenset({"session_expired"})
_TEMPORARY = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1015})
"""Close codes after which the same server may be there again in a moment."""
OTHER_SERVER = "Check that the address is that of a Realtime server, and try again."
"""The fix where a server does what none of them does."""
_LONGEST_SHOWN = 500
"""Characters of a server's message: an error may quote a whole event."""


def is_benign(error: ServerError) -> bool:
    """Whether an error only says that what we asked for was not needed."""
    return error.code in _BENIGN


def describe(error: ServerError) -> str:
    """The server's words, cut to what a person reads."""
    text = " ".join((error.message or error.code or error.type or "no reason was given").split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def session_end(error: ServerError) -> VoiceError | None:
    """Return what the session ends with, or None where it can go on.

    A `ConnectionFailedError` ends the server's session only: another may take its place.
    """
    if error.code == _NO_MODEL or error.param in ("model", "session.model"):
        return ModelRefusedError(f"The server refuses the model: {describe(error)}", fix=_CHECK)
    if error.code in _REFUSED:
        return AccessRefusedError(f"The server refuses: {describe(error)}", fix=_CHECK)
    if error.code in _EXPIRED:
        return ConnectionFailedError("The server's time limit for a session is over.", fix=Advice.AGAIN)
    return None


def closed(code: int | None, reason: str) -> VoiceError:
    """Return the error that a closed WebSocket means.

    Args:
        code: The close code; None or 1006 where the connection broke without one.
        reason: The server's words, perhaps none.
    """
    said = f": {' '.join(reason.split())[:_LONGEST_SHOWN]}" if reason.strip() else ""
    if code in (1008, 4000) or _NO_MODEL in said:
        kind = ModelRefusedError if "model" in said.lower() else AccessRefusedError
        return kind(f"The server refuses this session (close code {code}){said}.", fix=_CHECK)
    if code in (1002, 1003, 1007, 1009):
        return ProtocolBrokenError(
            f"The server and this client do not understand each other (close code {code}){said}.", fix=OTHER_SERVER
        )
    if code is None or code == 1006:
        return ConnectionFailedError(f"The connection to the server broke{said}.", fix="Try again.")
    ended = ConnectionFailedError if code in _TEMPORARY else SessionClosedError
    return ended(f"The server closed the connection (close code {code}){said}.", fix=Advice.AGAIN)
