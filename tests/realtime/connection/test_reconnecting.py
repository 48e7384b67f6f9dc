"""The policy of reconnecting: what is final, how long the waits are, and when it gives up."""

from __future__ import annotations

import random

import pytest

from engine.backoff import JITTER
from engine.errors import AccessRefusedError, ConnectionFailedError, ProtocolBrokenError, SessionClosedError
from engine.realtime.connection.retry_policy import HEALTHY_S, MAX_ATTEMPTS, RetryPolicy, is_retried
from engine.realtime.protocol.close_codes import closed
from engine.realtime.protocol.errors import session_end
from engine.realtime.protocol.server_events import ServerError

BROKEN = ConnectionFailedError("It broke.")
NOMINAL_S = [0.5, 1, 2, 4, 8, 8, 8, 8]


@pytest.mark.parametrize("code", [None, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015])
def test_these_close_codes_are_retried(code: int | None) -> None:
    assert is_retried(closed(code, ""))


@pytest.mark.parametrize("code", [1000, 1002, 1003, 1007, 1008, 1009, 3000, 4000, 4001])
def test_these_are_not(code: int) -> None:
    assert not is_retried(closed(code, ""))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (3000, "invalid_request_error.invalid_api_key"),
        (3000, "insufficient_quota"),
        (4001, "unauthorized"),
        (4001, ""),
        (1011, "400: Invalid model name passed"),
        (1008, ""),
    ],
)
def test_a_close_that_refuses_the_key_or_the_model_says_so(code: int, reason: str) -> None:
    assert isinstance(closed(code, reason), AccessRefusedError)


@pytest.mark.parametrize("code", ["insufficient_quota", "invalid_api_key", "account_deactivated"])
def test_errors_of_the_account_are_not(code: str) -> None:
    end = session_end(ServerError("no", code=code))
    assert isinstance(end, AccessRefusedError)
    assert not is_retried(end)


def test_an_expired_session_is() -> None:
    end = session_end(ServerError("over", code="session_expired"))
    assert end is not None
    assert is_retried(end)


def test_waits_double_to_eight_seconds_less_a_jitter_and_then_it_gives_up() -> None:
    waits_s: list[list[float]] = []
    for seed in range(50):
        policy = RetryPolicy(dice=random.Random(seed))
        policy.connected(0.0)
        attempts = [policy.lost(BROKEN, 1.0) for _ in range(MAX_ATTEMPTS)]
        assert [(attempt.number, attempt.of) for attempt in attempts] == [(n + 1, 8) for n in range(8)]
        waits_s.append([attempt.wait_s for attempt in attempts])
        with pytest.raises(ConnectionFailedError, match=r"8 attempts did not bring it back\. It broke\."):
            policy.lost(BROKEN, 1.0)
    for nominal_s, drawn_s in zip(NOMINAL_S, zip(*waits_s, strict=True), strict=True):
        assert nominal_s * (1 - JITTER) <= min(drawn_s) < max(drawn_s) <= nominal_s
        assert max(drawn_s) - min(drawn_s) > nominal_s * JITTER / 2


def test_a_connection_that_held_begins_anew_and_one_that_did_not_goes_on_waiting_longer() -> None:
    policy = RetryPolicy()
    policy.connected(0.0)
    policy.lost(BROKEN, 1.0)
    policy.connected(2.0)
    assert policy.lost(BROKEN, 2.0 + HEALTHY_S - 1).number == 2
    policy.connected(100.0)
    assert policy.lost(BROKEN, 100.0 + HEALTHY_S).number == 1


@pytest.mark.parametrize(
    "error", [AccessRefusedError("no"), ProtocolBrokenError("what"), SessionClosedError("goodbye")], ids=repr
)
def test_a_final_error_is_raised_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        RetryPolicy().lost(error, 0.0)  # type: ignore[arg-type]
    assert raised.value is error


def test_a_session_that_lasted_long_enough_is_followed_at_once() -> None:
    policy = RetryPolicy()
    assert policy.lost(BROKEN, 0.0, at_once=True).wait_s == 0
    assert policy.lost(BROKEN, 0.0, at_once=True).wait_s > 0
