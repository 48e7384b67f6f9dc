"""Reconnecting connection to the server: keeps a session connected, one transport after the other.

It dials, sends, receives and watches; opens a lost connection again, leaves one that has fallen silent (`keepalive`),
and changes one before the server's limit, in a pause of the conversation, with the next already open. `retry_policy`
says when. What is said over it is the session's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from engine.audio.clock import loop_time_s
from engine.errors import ConnectionFailedError, SessionClosedError, VoiceError
from engine.realtime.connection.keepalive import PROBE_ITEM_ID, Keepalive, Verdict
from engine.realtime.connection.retry_policy import LEAST_LEFT_S, RetryPolicy, Rotation, is_retried
from engine.realtime.connection.transport import Transport
from engine.realtime.connection.uplink import Uplink
from engine.realtime.conversation.actions import Action, ReleaseMicrophone, Send
from engine.realtime.protocol.client_events import ClientEvent, EventIds, RetrieveItem
from engine.realtime.protocol.errors import OTHER_SERVER, describe
from engine.realtime.protocol.server_events import (
    ErrorEvent,
    ServerError,
    ServerEvent,
    SessionDescription,
    UnknownEvent,
)
from engine.realtime.session_events import Reconnected, Reconnecting, SessionEvent

_HOLDS_LOOP_S = 0.005
_CHECK_S = 1.0
_PAUSE_CHECK_S = 0.1
_INTRODUCTION_S = 15.0
"""Longest time until a new connection has been told everything."""
_LAST_WORD_S = 0.5
_DIAL_AGAIN_S = 8.0
"""After a planned change that failed, while the old connection still serves."""


class ConnectionDelegate(Protocol):
    """The session, as its connection sees it: asked and told by these; each returns at once."""

    @property
    def at_rest(self) -> bool:
        """Whether nobody speaks or is answered."""

    def introduce(self) -> Sequence[Action]:
        """Return what a new connection is told first: `Send` and `ReleaseMicrophone`."""

    def on_connected(self) -> None:
        """Take that it has been told."""

    def on_event(self, event: ServerEvent, received_at_s: float) -> None:
        """Take an event that came at this time."""

    def on_disconnected(self) -> None:
        """Take the loss of the connection."""

    def emit(self, session_event: SessionEvent) -> None:
        """Show a session event."""


class ReconnectingConnection:
    """One session's connection, whatever becomes of its transports."""

    def __init__(
        self,
        dial: Callable[[], Coroutine[Any, Any, Transport]],
        uplink: Uplink,
        delegate: ConnectionDelegate,
        *,
        session_limit_s: float | None = None,
    ) -> None:
        """Prepare a connection; `session_limit_s` is how long the service lets a session last, if that is known."""
        self._dial = dial
        self._uplink = uplink
        self._delegate = delegate
        self._session_limit_s = session_limit_s
        self._limit_s: float | None = None
        """Limit of the present connection from its beginning: the service's, or the server's if that is less."""
        self._limit_told = asyncio.Event()
        self._began_s = 0.0
        self._policy = RetryPolicy()
        self._keepalive = Keepalive()
        self._probe_ids = EventIds("probe")
        self._renewal: asyncio.Future[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._heard_at_s = self._live_s_when_heard = 0.0
        self._lost_at_s: float | None = None
        self._is_dead = False
        self._unheard_ms = 0
        self._is_planned = self._is_greeted = False
        """The next connection is there already; there was an event that is no error."""
        self._refusal: ServerError | None = None
        """Error with which the server opened its first connection: dialled again, it would say the same."""
        self.reconnects = self.rotations = 0
        self.dropped_outage_ms = 0
        """Audio of the microphone that nobody heard: see `Reconnected`."""

    def send(self, event: ClientEvent) -> None:
        """Send an event in its turn; what a lost connection did not take is not sent on the next."""
        self._uplink.send(event)

    def renew(self, error: VoiceError) -> None:
        """Leave the present connection: the server has ended the session on it, for this reason."""
        if self._renewal is not None and not self._renewal.done():
            self._renewal.set_exception(error)

    async def run(self) -> None:
        """Keep the session connected until cancelled.

        Raises:
            VoiceError: why there is no connection, or none any more.
        """
        try:
            transport = await self._dial()
            while True:
                transport = await self._use(transport)
        finally:
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def _use(self, transport: Transport) -> Transport:
        """Use a connection to its end; return the next one."""
        try:
            await self._introduce(transport)
            replacement = await self._serve(transport)
            lost = None
        except VoiceError as error:
            lost = error
        finally:
            self._close_in_background(transport)
        if self._lost_at_s is None:
            now_s = loop_time_s()
            # Of a connection that fell silent, the last sign of life: whatever was sent since, nobody may have heard.
            self._lost_at_s = self._heard_at_s if self._is_dead else now_s
            self._unheard_ms = round(1000 * (self._uplink.live_s - self._live_s_when_heard)) if self._is_dead else 0
        self._uplink.hold()
        self._is_planned, self._is_dead = lost is None, False
        self._delegate.on_disconnected()
        return replacement if lost is None else await self._redial(lost)

    async def _introduce(self, transport: Transport) -> None:
        """Tell a new connection what it has to know."""
        try:
            async with asyncio.timeout(_INTRODUCTION_S):
                for action in self._delegate.introduce():
                    if isinstance(action, Send):
                        await transport.send(action.event)
                    elif isinstance(action, ReleaseMicrophone):
                        self._unheard_ms += await self._uplink.release(transport.send)
        except TimeoutError:
            raise ConnectionFailedError("The server has stopped reading.", fix="Try again.") from None
        now_s = self._heard_at_s = loop_time_s()
        self._live_s_when_heard = self._uplink.live_s
        self._policy.connected(now_s)
        self._keepalive.connected()
        if self._lost_at_s is not None:
            self.rotations += self._is_planned
            self.reconnects += not self._is_planned
            self.dropped_outage_ms += self._unheard_ms
            away_ms = round(1000 * (now_s - self._lost_at_s))
            self._delegate.emit(Reconnected(away_ms, self._unheard_ms, self._is_planned))
            self._lost_at_s = None
        self._delegate.on_connected()

    async def _serve(self, transport: Transport) -> Transport:
        """Serve all directions until the connection breaks; return its replacement where it is changed before that."""
        self._renewal = asyncio.get_running_loop().create_future()
        self._began_s, self._limit_s = loop_time_s(), self._session_limit_s
        rotation = asyncio.create_task(self._rotate())
        receiving = asyncio.create_task(self._receive(transport))
        services: list[asyncio.Future[None]] = [
            receiving,
            self._renewal,
            asyncio.create_task(self._uplink.run(transport.send)),
            asyncio.create_task(self._watch()),
        ]
        everything: list[asyncio.Future[Any]] = [rotation, *services]
        is_changed = False
        try:
            done, _ = await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            if not done & {rotation, receiving, self._renewal}:
                # What was sent met a closed connection first; why it was closed comes as a last message.
                await asyncio.wait([receiving], timeout=_LAST_WORD_S)
            for service in services:
                if service.done():
                    service.result()
            is_changed = True
            return rotation.result()
        finally:
            for task in everything:
                task.cancel()
            await asyncio.gather(*everything, return_exceptions=True)
            if not is_changed and not rotation.cancelled() and rotation.exception() is None:
                self._close_in_background(rotation.result())

    async def _redial(self, error: VoiceError) -> Transport:
        """Open another connection, as often as the policy allows.

        Raises:
            VoiceError: why not.
        """
        at_once = self._renewal is not None and self._renewal.done() and not self._renewal.cancelled()
        while True:
            attempt = self._policy.lost(error, loop_time_s(), at_once=at_once)
            wait_ms = round(1000 * attempt.wait_s)
            self._delegate.emit(Reconnecting(attempt.number, attempt.of, error.message, wait_ms))
            await asyncio.sleep(attempt.wait_s)
            try:
                return await self._dial()
            except VoiceError as failure:
                error = failure

    async def _receive(self, transport: Transport) -> None:
        yielded_at_s = loop_time_s()
        while True:
            try:
                event, self._heard_at_s, _ = await transport.receive()
            except ConnectionFailedError:
                if self._refusal is None:
                    raise
                said = describe(self._refusal)
                raise SessionClosedError(f"The server refuses the session: {said}", fix=OTHER_SERVER) from None
            self._live_s_when_heard = self._uplink.live_s
            if not isinstance(event, UnknownEvent) and not self._is_greeted:
                self._is_greeted = not isinstance(event, ErrorEvent)
                self._refusal = event.error if isinstance(event, ErrorEvent) else None
            if not self._keepalive.heard(event):
                if isinstance(event, SessionDescription) and event.expires_at:
                    self._note_limit(event.expires_at - time.time())
                self._delegate.on_event(event, self._heard_at_s)
            # A burst of buffered events must not hold the loop. Yielding after each would be as bad: where other
            # threads keep the interpreter busy, every turn of the loop waits for them.
            if loop_time_s() - yielded_at_s > _HOLDS_LOOP_S:
                await asyncio.sleep(0)
                yielded_at_s = loop_time_s()

    async def _watch(self) -> None:
        """Leave a connection on which nothing comes any more, not even an answer to a question."""
        while True:
            match self._keepalive.check(loop_time_s()):
                case Verdict.PROBE:
                    probe = RetrieveItem(self._probe_ids.next(), PROBE_ITEM_ID)
                    self._keepalive.probed(probe.event_id)
                    self.send(probe)
                case Verdict.DEAD:
                    self._is_dead = True
                    raise ConnectionFailedError("The server has stopped answering.", fix="Check the network.")
            await asyncio.sleep(_CHECK_S)

    def _note_limit(self, left_s: float) -> None:
        """The server says how long it will go on with this session."""
        if left_s >= LEAST_LEFT_S:
            told_s = loop_time_s() - self._began_s + left_s
            self._limit_s = told_s if self._limit_s is None else min(self._limit_s, told_s)
            self._limit_told.set()

    async def _rotate(self) -> Transport:
        """Return the next connection when the time to change has come: opened before the present one is left."""
        while (left_s := self._until(lambda rotation: rotation.begins_after_s)) > 0:
            self._limit_told.clear()
            # Not `wait_for`: that of Python 3.11 swallows a cancellation that comes with the limit.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if left_s == math.inf else left_s):
                    await self._limit_told.wait()
        while True:
            await self._until_rest()
            try:
                replacement = await self._dial()
                break
            except VoiceError as error:
                if not is_retried(error):
                    raise
            await asyncio.sleep(_DIAL_AGAIN_S)
        try:
            await self._until_rest()
        except BaseException:
            self._close_in_background(replacement)
            raise
        return replacement

    async def _until_rest(self) -> None:
        """Wait for a pause of the conversation, until the limit is really there."""
        # Polled, not waited for: rest is a state of the audio thread too, which signals no event.
        while not self._delegate.at_rest and self._until(lambda rotation: rotation.ends_after_s) > 0:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_CHECK_S)

    def _until(self, moment: Callable[[Rotation], float]) -> float:
        """Seconds until a moment of the rotation; for ever where no limit is known."""
        if self._limit_s is None:
            return math.inf
        return self._began_s + moment(Rotation(self._limit_s)) - loop_time_s()

    def _close_in_background(self, transport: Transport) -> None:
        """Close a connection without waiting for its goodbye."""
        closing = asyncio.create_task(transport.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
