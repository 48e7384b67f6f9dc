"""The scripted server of a test: a script for each connection it expects, an error for all that goes otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType

from engine.errors import ConnectionFailedError, ProtocolBrokenError, VoiceError
from engine.realtime.connection.transport import Transport
from engine.realtime.providers.choose import ChosenProvider
from engine.realtime.testing.peer import Peer, ScriptError
from engine.script.steps import Step

Script = Sequence[Step] | Callable[[Peer], Awaitable[None]] | VoiceError
"""Script of one connection: steps, a coroutine function that plays the server, or the refusal to connect."""


class ServerDouble:
    """A server without a socket; `connect` is what a `Session` takes in place of the real one.

    Example:
        >>> from engine.config import Config
        >>> from engine.realtime.protocol.client_events import UpdateSession
        >>> from engine.realtime.providers.choose import choose_provider
        >>> from engine.realtime.testing import Emit, Expect
        >>> chosen = choose_provider("custom", "ws://double/", {}, Config())
        >>> with ServerDouble([Expect("session.update"), Emit("session.updated", session={})]) as server:
        ...     transport = await server.connect(chosen)
        ...     await transport.send(UpdateSession("event_1", {}))
        ...     print(type((await transport.receive()).event).__name__)
        SessionUpdated
    """

    def __init__(self, *scripts: Script, then: Script | None = None, ignoring: Iterable[str] = ()) -> None:
        """Prepare a server.

        Args:
            scripts: The first connection's script, the second's, ...: each must come and be played to its end.
            then: The script of all further connections; None where there must be none. It may be left over.
            ignoring: Types of client events that may come at any time; the microphone's audio always may.
        """
        self._scripts = scripts
        self._then = then
        self._ignoring = frozenset(ignoring)
        self.attempts = 0
        """Number of connections and attempts so far."""
        self._playing: set[asyncio.Task[None]] = set()
        self._failures: list[ScriptError] = []
        self._left: dict[int, str] = {}
        self._stepped: list[Peer] = []
        self.peers: list[Peer] = []
        """The connections so far, for a test to look at; of those of `then` only the last."""

    async def connect(self, chosen: ChosenProvider) -> Transport:
        """Open a connection, as `Connection.open` does.

        Raises:
            VoiceError: the script refuses it.
        """
        number, self.attempts = self.attempts, self.attempts + 1
        script = self._scripts[number] if number < len(self._scripts) else self._then
        if script is None:
            self._failures.append(ScriptError(f"Connection {number + 1} was not expected."))
            raise ConnectionFailedError("The script has no more connections.")
        if isinstance(script, VoiceError):
            raise script
        peer = Peer(ignoring=self._ignoring)
        if number > len(self._scripts):
            self.peers.pop()
        self.peers.append(peer)
        if number < len(self._scripts) and not callable(script):
            self._stepped.append(peer)
        playing = asyncio.get_running_loop().create_task(self._play(number, script, peer))
        self._playing.add(playing)
        playing.add_done_callback(self._playing.discard)
        return peer.as_transport()

    def check(self) -> None:
        """Raise what went otherwise than the scripts say.

        Raises:
            ScriptError: something else came, a step is left over, or a connection never came.
        """
        if self._failures:
            raise self._failures[0]
        if self._left:
            number, step = next(iter(self._left.items()))
            raise ScriptError(f"Connection {number + 1} was left at {step}.")
        if self.attempts < len(self._scripts):
            raise ScriptError(f"{len(self._scripts)} connections were expected, {self.attempts} came.")
        for peer in self._stepped:
            if peer.unread:
                raise ScriptError(f"Nobody expected this: {peer.unread[0]}.")

    def __enter__(self) -> ServerDouble:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for task in self._playing:
            task.cancel()
        if error is None:
            self.check()

    async def _play(self, number: int, script: Script, peer: Peer) -> None:
        try:
            if callable(script):
                await script(peer)
            elif not isinstance(script, VoiceError):
                for step in script:
                    if number < len(self._scripts):
                        self._left[number] = repr(step)
                    await step.play(peer)
                self._left.pop(number, None)
        except ScriptError as error:
            self._failures.append(error)
            peer.end_with(ProtocolBrokenError(f"The script failed: {error}"))
        except Exception as error:  # a mistake in a test's own script must end the test, and be seen
            self._failures.append(ScriptError(f"The script of connection {number + 1} failed: {error!r}"))
            peer.end_with(ProtocolBrokenError("The script failed."))
