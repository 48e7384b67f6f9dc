"""Errors of a Realtime server, and what they mean: harmless, for the person to see, or the end of the session."""

from __future__ import annotations

import re

from engine.errors import (
    AccessRefusedError,
    Advice,
    ConnectionFailedError,
    ModelRefusedError,
    SessionClosedError,
    VoiceError,
)
from engine.realtime.protocol.server_events import ServerError

ALREADY_ACTIVE = "conversation_already_has_active_response"
CANCEL_NOT_ACTIVE = "response_cancel_not_active"
COMMIT_EMPTY = "input_audio_buffer_commit_empty"
_BENIGN = frozenset({CANCEL_NOT_ACTIVE, ALREADY_ACTIVE, COMMIT_EMPTY})
_NO_KEY, _NO_QUOTA, NO_MODEL, _NO_ROOM = (
    "invalid_api_key",
    "insufficient_quota",
    "model_not_found",
    "session_limit_reached",
)
_EXPIRED = "session_expired"
REFUSED = frozenset({_NO_KEY, _NO_QUOTA, "invalid_authentication", "account_deactivated", "billing_hard_limit_reached"})
_CODES = _BENIGN | REFUSED | {NO_MODEL, _NO_ROOM, _EXPIRED}
_WORDS = {
    **{re.compile(re.escape(code)): code for code in sorted(_CODES)},
    re.compile("already .*active response"): ALREADY_ACTIVE,
    re.compile("no active response"): CANCEL_NOT_ACTIVE,
    re.compile(r"(invalid|incorrect) api[ _-]key|\bunauthorized\b"): _NO_KEY,
    re.compile(r"(exceeded|insufficient).*\bquota\b"): _NO_QUOTA,
    re.compile(r"\b(invalid|unknown|no such) model\b"): NO_MODEL,
    re.compile(r"^[\d\W]*(the )?(requested )?model\W+(\S+ )?((is|was) )?(not found|does not exist)"): NO_MODEL,
}
"""Words of servers that leave the code out, or put it into their close reason."""
_GENERIC = frozenset({"", "error", "api_error", "server_error", "internal_error", "unknown_error"}) | frozenset(
    {"invalid_request", "invalid_request_error", "authentication_error", "permission_error", "not_found_error"}
)
"""Codes and types that leave it to the words; a number, as of HTTP, does so too."""
_HOUSEKEEPING = re.compile(r"\bitem[._](retrieve|truncate|delete)|\b(retriev|truncat|delet)ing (the |an )?items?\b")
"""Requests of this client alone: no person need know that a server does not do them."""
CHECK_ACCOUNT = "Check the key, the model and the account's quota."
OTHER_SERVER = "Check that the address is that of a Realtime server, and try again."
"""The fix where a server does what none of them does."""
NO_REASON = "no reason was given"
LONGEST_SHOWN = 500
"""Characters of a server's message: an error may quote a whole event."""


def code_of(error: ServerError) -> str:
    """The protocol's code for what an error says: some servers have it in its type, or only say it in words.

    Words beside the code of another matter may be a quotation, or about another server: they never end a session.

    Example:
        >>> code_of(ServerError("Conversation already has an active response."))
        'conversation_already_has_active_response'
    """
    names, words = (error.code, error.type), error.message.lower()
    named = next((name for name in names if name in _CODES), "")
    readable = _CODES if all(name in _GENERIC or name.isdigit() for name in names) else _BENIGN
    said = (code for pattern, code in _WORDS.items() if code in readable and pattern.search(words))
    return named or next(said, error.code)


def is_benign(error: ServerError) -> bool:
    """Whether an error only says that what we asked for was not needed, or is not known here."""
    housekeeping = _HOUSEKEEPING.search(f"{error.code} {error.type} {error.message.lower()}")
    return code_of(error) in _BENIGN or housekeeping is not None


class ServerWords(str):
    """Text of the server's alone, which no client translates."""

    __slots__ = ()


def describe(error: ServerError) -> ServerWords:
    """The server's words, cut to what a person reads."""
    text = " ".join((error.message or error.code or error.type or NO_REASON).split())
    return ServerWords(text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}...")


def session_end(error: ServerError) -> VoiceError | None:
    """Return what the session ends with, or None where it can go on.

    A `ConnectionFailedError` ends the server's session only: another may take its place.
    """
    code = code_of(error)
    if code == NO_MODEL or error.param in ("model", "session.model"):
        return ModelRefusedError(f"The server refuses the model: {describe(error)}", fix=CHECK_ACCOUNT)
    if code in REFUSED:
        return AccessRefusedError(f"The server refuses: {describe(error)}", fix=CHECK_ACCOUNT)
    if code == _NO_ROOM:
        return SessionClosedError(f"The server has no room for a session: {describe(error)}", fix="Try again later.")
    if code == _EXPIRED:
        return ConnectionFailedError("The server's time limit for a session is over.", fix=Advice.AGAIN)
    return None
