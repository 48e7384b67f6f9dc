"""When silence is death: what is asked, what counts as an answer, and who is believed."""

from __future__ import annotations

from engine.realtime.connection.keepalive import DEAD_AFTER_S, PROBE_AFTER_S, PROBE_ITEM_ID, Keepalive, Verdict
from engine.realtime.protocol.server_events import ErrorEvent, ResponseCreated, ServerError, ServerEvent


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
