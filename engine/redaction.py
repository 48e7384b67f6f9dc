"""Keeping keys out of every text: URLs are shown without their credentials, foreign texts without known secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Record = TypeVar("_Record", bound="DataclassInstance")
MASK = "***"
MAX_ERROR_CHARS = 1_000
"""Length of what is told of an exception. The patterns below take quadratic time: 5 ms for so much of the worst text,
40 s for 40,000 characters."""
_URL = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s\"'<>]+", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w/.:])(?:~|[A-Za-z]:)?[\\/](?:[^\s\\/:*?\"'<>|]+[\\/])+(?P<name>[^\s\\/:*?\"'<>|,;]*)")
_TOKEN = re.compile(r"\b(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{24,}\b")
_AUTHORIZATION = re.compile(r"\b(bearer|basic|api-key|token)\s+[^\s\"',;]+", re.IGNORECASE)
_SECRET_NAME = re.compile(r"key|token|secret|passw|credential|auth|signature|\bsig\b", re.IGNORECASE)
_SECRET_VARIABLE = re.compile(
    r"((^|_|API|ACCESS)(KEY|CREDENTIAL|PAT)|TOKEN|SECRET|PASSW(OR)?D|PASSPHRASE|(^|_|SSH)PASS|_PWD)S?\d*(_|$)",
    re.IGNORECASE,
)
_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s@]*:[^/?#\s]+@\S+", re.IGNORECASE)
_NO_SECRET = re.compile(r"[\d.]*|true|false", re.IGNORECASE)
"""Values of such as `MAX_TOKENS` and `USE_AUTH_TOKEN`."""
_SHORTEST_SECRET = 6
"""Shorter values would blank out ordinary words."""


class Secret:
    """A key or token that shows itself only to the one who asks by name.

    Example:
        >>> key = Secret("AQVN-1234")
        >>> f"{key} {key!r}", key.reveal()
        ('*** ***', 'AQVN-1234')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself: for a header, never for a text."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def shown_url(url: str) -> str:
    """Return the URL without user, password, fragment, and the values of parameters that sound like a secret.

    Example:
        >>> shown_url("wss://me:pw@example.org/v1?model=m&api_key=abc")
        'wss://***@example.org/v1?model=m&api_key=***'
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return MASK
    query = "&".join(
        f"{name}={MASK}" if _SECRET_NAME.search(unquote(name)) else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in parts.query.split("&"))
    )
    return urlunsplit((parts.scheme, f"{MASK}@{host}" if "@" in parts.netloc else host, parts.path, query, ""))


def secrets_of_url(url: str) -> list[str]:
    """Return every secret in the URL, as it stands there and percent-decoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    found = [password or user]
    found += [value for name, value in parse_qsl(parts.query) if _SECRET_NAME.search(name)]
    return [form for secret in found for form in (secret, unquote(secret), quote(secret, safe=""))]


def secrets_of_environment(environ: Mapping[str, str]) -> list[str]:
    """Return the values of all variables whose names sound like a secret, and the passwords of URLs.

    Example:
        >>> secrets_of_environment({"MY_API_KEY": "AQVN-1234", "LANG": "C", "MAX_TOKENS": "24000"})
        ['AQVN-1234']
    """
    found = [secret for name, value in environ.items() for secret in _secrets_of_variable(name, value)]
    return [secret for secret in found if not _NO_SECRET.fullmatch(secret)]


def _secrets_of_variable(name: str, value: str) -> list[str]:
    """The value where the name says so, or what a URL in it has of secrets."""
    if _SECRET_VARIABLE.search(name):
        return [value]
    return [secret for url in _URL_WITH_PASSWORD.finditer(value) for secret in secrets_of_url(url[0])]


def without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for another process, which inherits no key.

    Example:
        >>> without_keys({"OPENAI_API_KEY": "sk-1", "AWS_SECRET_ACCESS_KEY": "x", "KEYBOARD": "de"})
        {'KEYBOARD': 'de'}
    """
    return {name: value for name, value in environ.items() if not _secrets_of_variable(name, value)}


def without_secrets(value: Any) -> Any:
    """Return settings, as JSON, without the texts whose names sound like a secret, at any depth.

    Example:
        >>> without_secrets({"tools": [{"type": "mcp", "authorization": "abc", "headers": {"X-Id": "7"}}]})
        {'tools': [{'type': 'mcp', 'authorization': '***', 'headers': {'X-Id': '***'}}]}
    """
    if isinstance(value, dict):
        judged = ((name, inner, _masked if _names_secret(name) else without_secrets) for name, inner in value.items())
        return {name: treat(inner) for name, inner, treat in judged}
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value


def _names_secret(name: object) -> bool:
    return isinstance(name, str) and (name == "headers" or bool(_SECRET_NAME.search(name)))


def _masked(value: Any) -> Any:
    """Texts are masked; a number of tokens is no secret."""
    if isinstance(value, str):
        return MASK
    if isinstance(value, dict):
        return {name: _masked(inner) for name, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value


class Scrubber:
    """Blanks known secrets out of texts that others wrote: a server may repeat the key it refuses.

    Example:
        >>> Scrubber(["AQVN-1234"]).clean("Unknown api key AQVN-1234.")
        'Unknown api key ***.'
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        # As they stand in JSON within a text, such as arguments of a tool.
        known |= {json.dumps(secret)[1:-1] for secret in known}
        # The longest first: a secret may contain another.
        self._secrets = sorted(known, key=len, reverse=True)

    def clean_fields(self, record: _Record) -> _Record:
        """Return a dataclass with every text in it cleaned, at any depth of lists and objects.

        Args:
            record: An event, of which any field may repeat a key.
        """
        if not self._secrets:
            return record
        values = ((entry.name, getattr(record, entry.name)) for entry in fields(record))
        changed = {name: clean for name, value in values if (clean := self.clean_json(value)) != value}
        return replace(record, **changed) if changed else record

    def clean_json(self, value: Any) -> Any:
        """Return a value with every text in it cleaned, at any depth of lists and objects; numbers stay numbers."""
        match value:
            case str() if not isinstance(value, Enum):  # whatever kind of text it is
                return self.clean(value)
            case dict():
                return {self.clean_json(key): self.clean_json(inner) for key, inner in value.items()}
            case list() | tuple() if type(value) in (list, tuple):
                return type(value)(map(self.clean_json, value))
        return value

    def clean(self, text: str) -> str:
        """Return the text with every known secret replaced by `***`."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


def plain_words(error: BaseException, scrub: Callable[[str], str] = str) -> str:
    """The kind and the text of an exception, with addresses, folders and whatever looks like a key taken out."""
    text = scrub(str(error))
    if len(text) > MAX_ERROR_CHARS:  # not in the middle of what would look like a key
        text = text[:MAX_ERROR_CHARS].rsplit(None, 1)[0]
    text = _AUTHORIZATION.sub(r"\1 ***", _URL.sub(r"\1***", text))
    text = _TOKEN.sub("***", _PATH.sub(lambda found: found["name"] or "***", text))
    return ": ".join(filter(None, (type(error).__name__, text.strip())))
