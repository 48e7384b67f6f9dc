"""The WebSocket to a Realtime server: events in and out, and one clear error for every way it can fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp import WSMsgType

from engine.audio.clock import loop_time_s
from engine.errors import AccessRefusedError, ConnectionFailedError, ProtocolBrokenError, VoiceError
from engine.realtime.connection.transport import Received
from engine.realtime.protocol.client_events import ClientEvent, RetrieveItem
from engine.realtime.protocol.close_codes import closed
from engine.realtime.protocol.decode import decode_event
from engine.realtime.protocol.errors import NO_REASON, OTHER_SERVER, describe, session_end
from engine.realtime.protocol.server_events import ErrorEvent, MalformedEvent, Pong, ServerError, SpeechStarted
from engine.realtime.providers.choose import ChosenProvider, is_this_machine
from engine.redaction import shown_url

MAX_MESSAGE_BYTES = 16 << 20
"""Largest event; aiohttp's own 4 MiB is less than a long answer in one delta."""
_CONNECT_S = 15.0
_CHECK = "Check the address and the network."
_CHECK_KEY = "Check the key, the folder and their rights."
_NO_CODE = 1005
_MOST_ARRIVED = 4096
"""Messages that may wait undecoded: an answer of minutes."""
_SPEECH, _SHORT = "input_audio_buffer.speech_started", 1000
_WORDS_S, _MOST_WORDS = 2.0, 4096
"""Longest time, and most bytes, for the words of a refusal."""
_CLOSE_S = 0.4
"""Longest time the other side may take to say goodbye."""


class Connection:
    """An open WebSocket, the `Transport` of a real session; one coroutine receives, any may send."""

    def __init__(self, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._http = http
        self._socket = socket
        self._arrived: asyncio.Queue[tuple[int, aiohttp.WSMessage, float]] = asyncio.Queue(_MOST_ARRIVED)
        self._unheard_before = 0
        """Number of the message in which the user begins to speak: nobody will hear the audio ahead of it."""
        self._is_filling = False
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, chosen: ChosenProvider) -> Connection:
        """Connect to a provider.

        No error of this shows a key: aiohttp's own carry the request's headers, so none is chained.

        Raises:
            AccessRefusedError: the server refuses the key.
            ConnectionFailedError: it cannot be reached, is no Realtime server, or does not answer in time.
            InvalidInputError: the way there is not encrypted, and the person has not allowed it.
        """
        chosen.require_encryption()
        proxy = proxy_for(chosen.url)
        answers, words = aiohttp.TraceConfig(), list[bytes]()
        answers.on_request_redirect.append(partial(_refuse_redirect, chosen))
        answers.on_request_end.append(partial(_keep_words, words))
        http = aiohttp.ClientSession(trace_configs=[answers])
        try:
            async with asyncio.timeout(_CONNECT_S):
                socket = await http.ws_connect(
                    chosen.url,
                    headers={name: value.reveal() for name, value in chosen.headers.items()},
                    proxy=proxy,
                    max_msg_size=MAX_MESSAGE_BYTES,
                    compress=0,
                    # Yandex may not answer pings, and a heartbeat then ends a session in which audio flows.
                    heartbeat=None,
                    autoping=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                )
        except BaseException as error:
            await http.close()
            if isinstance(error, aiohttp.ClientError | OSError | TimeoutError | ValueError):
                raise _cannot_connect(error, chosen, b"".join(words)) from None
            raise
        return cls(http, socket)

    async def send(self, event: ClientEvent) -> None:
        """Put one event on the wire; waits where the system's buffer is full.

        Raises:
            ConnectionFailedError: the connection is closed.
        """
        try:
            await self._socket.send_frame(event.to_frame(), WSMsgType.TEXT)
            if isinstance(event, RetrieveItem):
                await self._socket.ping()  # a server that knows no such event answers this one at least
        except (ConnectionError, RuntimeError, aiohttp.ClientError):
            raise closed(self._socket.close_code, "") from None

    async def receive(self) -> Received:
        """Return the next event; what can't be read comes as a `MalformedEvent`.

        Raises:
            ConnectionFailedError, AccessRefusedError, ProtocolBrokenError: the connection has ended.
        """
        if self._is_filling and self._arrived.qsize() > 1:
            # The rest of a burst is looked through first: a user who speaks behind it has interrupted all of it.
            self._is_filling = False
            await asyncio.sleep(0)
        number, message, at_s = await self._arrived.get()
        match message.type:
            case WSMsgType.TEXT:
                event = decode_event(message.data, unheard=number < self._unheard_before)
                return Received(event, at_s, message.data)
            case WSMsgType.PONG:
                return Received(Pong(), at_s)
            case WSMsgType.BINARY:
                reason = "The server sent a binary frame, which the protocol does not have."
                return Received(MalformedEvent(reason), at_s)
        self._arrived.put_nowait((number, message, at_s))  # the end, for whoever asks again
        match message.type:
            case WSMsgType.CLOSE:
                # Of a close frame without a code, aiohttp makes a 0.
                raise closed(message.data or _NO_CODE, message.extra or "")
            case WSMsgType.ERROR:
                raise _broken_frame(message.data)
        raise closed(self._socket.close_code, "")

    async def _read(self) -> None:
        """Take what comes from the socket as it is, as much in a turn of the loop as aiohttp reads in one."""
        for number in count(1):
            while (message := await self._socket.receive()).type is WSMsgType.PING:
                with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                    await self._socket.pong(message.data)
            may_be_speech = message.type is WSMsgType.TEXT and len(message.data) < _SHORT and _SPEECH in message.data
            if may_be_speech and isinstance(decode_event(message.data), SpeechStarted):
                self._unheard_before = number
            await self._arrived.put((number, message, loop_time_s()))
            self._is_filling = True
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PONG):
                return

    async def close(self) -> None:
        """Say goodbye and release the socket; safe to call twice."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        try:
            # Of a half-open connection the system's buffer may be full, and then not even a goodbye gets out.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * _CLOSE_S):
                    await self._socket.close()
        finally:
            await self._http.close()


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address, as other programs find it; none for this machine.

    Raises:
        ConnectionFailedError: it names one of another kind than HTTP.
    """
    parts = urlsplit(url)
    names = ("wss", "https", "all") if parts.scheme == "wss" else ("ws", "http", "all")
    proxy = next((found for name in names if (found := getproxies().get(name))), None)
    if proxy is None or is_this_machine(url) or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        raise ConnectionFailedError(
            f"The proxy {shown_url(proxy)} of the environment is of a kind that cannot be used.",
            fix="Name one with http:// in HTTPS_PROXY, or except the server with NO_PROXY.",
        )
    return proxy


async def _refuse_redirect(chosen: ChosenProvider, *told: Any) -> None:
    """The conversation would go on with another machine, maybe in the clear, and nobody would know."""
    target = urljoin(chosen.url, told[-1].response.headers.get("Location", ""))
    title = chosen.provider.subject
    raise ConnectionFailedError(
        f"{title} at {chosen.shown_url} points to {shown_url(target)}, and no other server is asked.",
        fix="If you trust it, give its address with `url=`.",
    )


async def _keep_words(words: list[bytes], *told: Any) -> None:
    """Read what a refusal says, before aiohttp throws it away with the connection."""
    response = told[-1].response
    if response.status >= HTTPStatus.BAD_REQUEST:
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(_WORDS_S):
                words.append(await response.content.read(_MOST_WORDS))


def _reason(body: bytes) -> str:
    """The server's words in the body of a refusal: of JSON its error, of a text all of it, of a page nothing."""
    try:
        message = json.loads(body)
    except ValueError:
        text = body.decode(errors="replace")
        message = "" if "<" in text else text
    if isinstance(message, dict):
        message = message.get("error") or message.get("detail") or message
    event = decode_event(json.dumps({"type": "error", "error": message}))
    said = describe(event.error) if message and isinstance(event, ErrorEvent) else ""
    return "" if said == NO_REASON else said.rstrip(".")


def _broken_frame(error: object) -> VoiceError:
    if isinstance(error, aiohttp.WebSocketError) and error.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
        most = f"{MAX_MESSAGE_BYTES >> 20} MiB"
        return ProtocolBrokenError(f"The server sent an event of more than {most}.", fix=OTHER_SERVER)
    if isinstance(error, aiohttp.WebSocketError):
        return ProtocolBrokenError(f"The server broke the WebSocket protocol: {error}.", fix=OTHER_SERVER)
    return closed(None, "")


def _cannot_connect(error: BaseException, chosen: ChosenProvider, body: bytes) -> VoiceError:
    """Say in one sentence why there is no connection."""
    title = chosen.provider.subject
    server = f"{title} at {chosen.shown_url}"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return _refused(error.status, chosen.scrubber.clean(_reason(body)), server, chosen.model_advice)
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            what = f"{server} has no valid certificate."
        case TimeoutError():
            what = f"{server} did not answer within {_CONNECT_S:g} s."
        case aiohttp.ClientConnectorError(os_error=socket.gaierror()):
            what = f"{server} cannot be found by name (DNS)."
        case OSError() if error.strerror:
            # Asyncio's own words name an address as Python does.
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            what = f"{server} cannot be reached: {reason}."
        case _:
            what = f"{server} cannot be reached ({type(error).__name__})."
    return ConnectionFailedError(what, fix=_CHECK)


def _refused(status: int, reason: str, server: str, model_advice: str) -> VoiceError:
    """Return the error for the HTTP status of a refused handshake; any of 4xx but 401 and 429 may be for the model."""
    said = f" (HTTP {status}){f': {reason}' if reason else ''}."
    if status in (401, 402, 403) or isinstance(session_end(ServerError(reason)), AccessRefusedError):
        what = {401: "the key", 402: "the account"}.get(status, "the session" if reason else "the key or the model")
        fix = _CHECK_KEY if status == 401 else f"{_CHECK_KEY} {model_advice}".strip()
        return AccessRefusedError(f"{server} refuses {what}{said}", fix=fix)
    if status == 429:
        return ConnectionFailedError(f"{server} has too many sessions{said}", fix="Try again in a minute.")
    fix = "Check its path: most Realtime servers answer at /v1/realtime." if status == 404 else _CHECK
    if 400 <= status < 500:
        fix = f"{fix} {model_advice}".strip()
        return ConnectionFailedError(f"{server} refuses to open a session{said}", fix=fix)
    if reason or status in (500, 503):
        return ConnectionFailedError(f"{server} cannot open a session now{said}", fix="Try again later.")
    return ConnectionFailedError(f"{server} is not a Realtime server{said}", fix=fix)
