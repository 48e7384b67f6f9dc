"""When silence is death: what is asked, what counts as an answer, and who is believed."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from engine.config import Config
from engine.realtime.connection.keepalive import DEAD_AFTER_S, PROBE_AFTER_S, PROBE_ITEM_ID, Keepalive, Verdict
from engine.realtime.connection.websocket import Connection
from engine.realtime.protocol.client_events import RetrieveItem
from engine.realtime.protocol.server_events import ErrorEvent, Pong, ResponseCreated, ServerError, ServerEvent
from engine.realtime.providers.choose import choose_provider


class Watched:
    """A keepalive that is checked once a second."""

    def __init__(self) -> None:
        self.keepalive = Keepalive()
        self.now_s = 0.0
        self.keepalive.connected()

    def silence(self, seconds: float, step_s: float = 1.0) -> list[tuple[float, Verdict]]:
        """Let time pass; return what was said, and when."""
        said: list[tuple[float, Verdict]] = []
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            verdict = self.keepalive.check(self.now_s)
            if verdict is Verdict.PROBE:
                self.keepalive.probed("probe_1")
            if verdict is not Verdict.NOTHING:
                said.append((self.now_s, verdict))
            self.now_s += step_s
        return said

    def answer(self, event: ServerEvent) -> bool:
        """The server says something."""
        return self.keepalive.heard(event)


def test_silence_is_probed_and_then_believed() -> None:
    said = Watched().silence(30)
    assert said[:2] == [(PROBE_AFTER_S, Verdict.PROBE), (PROBE_AFTER_S + DEAD_AFTER_S, Verdict.DEAD)]


def test_an_answer_is_kept_from_the_conversation_and_everything_else_is_not() -> None:
    watched = Watched()
    watched.silence(12)
    assert watched.answer(ErrorEvent(ServerError("No such item.", event_id="probe_1")))
    watched.silence(12)
    assert watched.answer(ErrorEvent(ServerError(f"There is no item '{PROBE_ITEM_ID}'.")))
    assert watched.answer(ErrorEvent(ServerError("Unknown or invalid event: conversation.item.retrieve")))
    watched.silence(12)
    assert not watched.answer(ErrorEvent(ServerError("Something else.")))
    watched.silence(12)
    assert not watched.answer(ResponseCreated("r1"))


def test_a_pong_is_a_sign_of_life_until_the_server_has_answered_a_probe() -> None:
    watched = Watched()
    for _ in range(3):
        assert [verdict for _, verdict in watched.silence(12)] == [Verdict.PROBE]
        assert watched.answer(Pong())
    watched.silence(12)
    watched.answer(ErrorEvent(ServerError("No such item.", event_id="probe_1")))
    said = watched.silence(12)
    assert watched.answer(Pong())
    said += watched.silence(12)
    assert [verdict for _, verdict in said[:2]] == [Verdict.PROBE, Verdict.DEAD]


def test_a_server_behind_something_that_answers_pings_for_ever_is_left_within_a_minute() -> None:
    watched = Watched()
    dead_at_s: list[float] = []
    while not dead_at_s and watched.now_s < 300:
        said = watched.silence(1)
        if any(verdict is Verdict.PROBE for _, verdict in said):
            assert watched.answer(Pong())
        dead_at_s = [at_s for at_s, verdict in said if verdict is Verdict.DEAD]
    assert 40 < dead_at_s[0] < 70


async def test_a_probe_asks_for_a_pong_too_and_pings_are_answered() -> None:
    answered = asyncio.Event()

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await socket.ping(b"there?")
        async for message in socket:
            match message.type:
                case WSMsgType.PING:
                    await socket.pong(message.data)
                case WSMsgType.PONG if message.data == b"there?":
                    answered.set()
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        chosen = choose_provider("custom", f"ws://127.0.0.1:{runner.addresses[0][1]}/", {}, Config())
        connection = await Connection.open(chosen)
        await connection.send(RetrieveItem("probe_1", PROBE_ITEM_ID))
        async with asyncio.timeout(20):
            assert (await connection.receive()).event == Pong()
            await answered.wait()
        await connection.close()
    finally:
        await runner.cleanup()


def test_an_answer_that_comes_late_or_twice_is_nobodys_news() -> None:
    watched = Watched()
    watched.silence(12)
    # It was on its way when the probe was sent.
    assert not watched.answer(ResponseCreated("r1"))
    for _ in range(2):
        assert watched.answer(ErrorEvent(ServerError("Late.", event_id="probe_1")))
        assert watched.answer(ErrorEvent(ServerError(f"There is no item '{PROBE_ITEM_ID}'.")))


def test_anything_that_comes_is_a_sign_of_life() -> None:
    watched = Watched()
    for _ in range(20):
        said = watched.silence(14)
        assert Verdict.DEAD not in [verdict for _, verdict in said]
        watched.answer(ResponseCreated("r1"))


def test_a_server_that_never_answered_is_doubted_once_only() -> None:
    watched = Watched()
    assert Verdict.DEAD in [verdict for _, verdict in watched.silence(16)]
    watched.keepalive.connected()
    assert [verdict for _, verdict in watched.silence(500)] == [Verdict.PROBE]
    watched.answer(ErrorEvent(ServerError("No such item.", event_id="probe_1")))
    assert Verdict.DEAD in [verdict for _, verdict in watched.silence(16)]


def test_time_in_which_nobody_looked_does_not_count() -> None:
    watched = Watched()
    watched.silence(12)
    # The lid was shut for an hour; what came meanwhile has not been read yet.
    watched.now_s += 3600
    assert watched.silence(3) == []
