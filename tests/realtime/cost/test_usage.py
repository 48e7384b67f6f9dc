"""What a session used and what it costs: tokens by kind, prices of the configuration, a total, and a budget."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.view.lines import usage_line
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config, check_config
from engine.config_errors import Source
from engine.config_tables import Prices
from engine.errors import InvalidInputError
from engine.realtime.audience import Audience
from engine.realtime.cost.prices import KNOWN, prices_of
from engine.realtime.cost.usage import Tokens, UsageMeter, cost_of, tokens_of
from engine.realtime.protocol.server_events import TranscriptUsage, Usage
from engine.realtime.providers.choose import OPENAI, YANDEX, Provider, choose_provider
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import (
    ErrorShown,
    ResponseUsage,
    SessionEvent,
    Summary,
    TranscriptionUsage,
    UsageTotal,
)
from engine.realtime.testing import Emit, Expect, Peer, ServerDouble, Step, VirtualDevices, Wait, run_virtual
from engine.realtime.tools.runner import ToolRunner
from tests.realtime.virtual_rig import hold, tone

PRICES = Prices("EUR", 4.0, 0.4, 32.0, 0.4, 5.0, 0.5, 16.0, 64.0)
USAGE = {
    "total_tokens": 253,
    "input_tokens": 132,
    "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119,
        "audio_tokens": 13,
        "cached_tokens": 70,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 6},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}
COST = (55 * 4 + 64 * 0.4 + 7 * 32 + 6 * 0.4 + 30 * 16 + 91 * 64) / 1e6


def whole_usage(**changes: Any) -> Usage:
    """The usage of `USAGE`."""
    values: dict[str, Any] = {
        "total_tokens": 253,
        "input_tokens": 132,
        "output_tokens": 121,
        "input_text_tokens": 119,
        "input_audio_tokens": 13,
        "cached_tokens": 70,
        "cached_text_tokens": 64,
        "cached_audio_tokens": 6,
        "output_text_tokens": 30,
        "output_audio_tokens": 91,
    }
    return Usage(**{**values, **changes})


def told(session_events: Sequence[SessionEvent], meter: UsageMeter) -> list[Any]:
    """The totals that a meter concludes from session events."""
    return [total for event in session_events for total in meter(event, 1.0)]


def test_tokens_are_sorted_by_what_they_cost() -> None:
    tokens = tokens_of(whole_usage())
    kinds = {"text_input": 55, "cached_text_input": 64, "audio_input": 7, "cached_audio_input": 6}
    assert tokens == Tokens(**kinds, text_output=30, audio_output=91)
    assert (tokens.input, tokens.cached, tokens.output) == (132, 70, 121)
    cost, complete = cost_of(tokens, PRICES)
    assert complete
    assert cost == pytest.approx(COST)


def test_cached_tokens_that_are_not_sorted_are_text_as_far_as_there_is_text() -> None:
    usage = whole_usage(cached_tokens=125, cached_text_tokens=None, cached_audio_tokens=None)
    kinds = {"cached_text_input": 119, "audio_input": 7, "cached_audio_input": 6}
    assert tokens_of(usage) == Tokens(**kinds, text_output=30, audio_output=91)


def test_tokens_of_no_kind_have_no_price() -> None:
    tokens = tokens_of(Usage(input_tokens=10, output_tokens=5))
    assert (tokens["other_input"], tokens["other_output"]) == (10, 5)
    assert cost_of(tokens, PRICES) == (0.0, False)


def test_nothing_is_counted_twice_or_below_zero_however_odd_the_numbers_are() -> None:
    for usage in (Usage(), Usage(input_text_tokens=5, cached_text_tokens=9), Usage(cached_tokens=7)):
        assert min(tokens_of(usage).input, tokens_of(usage).output) >= 0


def test_every_known_price_says_where_it_is_from_and_when() -> None:
    for prices in KNOWN.values():
        assert "2026" in prices.source
        by_tokens = None not in (prices.audio_input, prices.audio_output, prices.text_input)
        of_words = None not in (prices.text_input, prices.text_output)
        assert by_tokens or of_words or prices.minute is not None or prices.audio_output_minute is not None


def test_a_snapshot_and_an_address_cost_what_their_model_costs() -> None:
    assert prices_of("gpt-realtime-2025-08-28") is KNOWN["gpt-realtime"]
    assert prices_of("gpt-realtime-2.1-mini-2026-05-01") is KNOWN["gpt-realtime-2.1-mini"]
    mine = {"speech-realtime-250923": PRICES, "gpt-realtime": PRICES}
    assert prices_of("gpt://b1g/speech-realtime-250923", mine) is PRICES
    assert prices_of("gpt-realtime", mine) is PRICES
    for branch in ("", "/latest", "/rc"):
        assert prices_of(f"gpt://b1g/speech-realtime-250923{branch}") is KNOWN["speech-realtime-250923"]
    assert prices_of("speech-realtime-999999") is None


@pytest.mark.parametrize("provider", [YANDEX, OPENAI], ids=lambda provider: provider.name)
def test_what_is_asked_for_by_default_has_a_price(provider: Provider) -> None:
    assert prices_of(provider.models[0])
    assert not provider.transcription_model or prices_of(provider.transcription_model)


def test_prices_that_one_source_names_are_told_as_estimates() -> None:
    summary = Summary(turns=1, xruns=0, dropped_blocks=0, duration_s=1.0)
    for model, estimated in (("gpt://f/speech-realtime-deepseek-v4-flash/latest", True), ("gpt-realtime-2.1", False)):
        session_events = [ResponseUsage("r1", Usage(input_text_tokens=1000, output_text_tokens=100), 0), summary]
        running, last = told(session_events, UsageMeter(model))
        assert (running.estimated, running.to_json()["estimated"]) == (estimated, estimated)
        for total in (running, last):
            assert ("about 0." in usage_line(total)) is estimated


def test_the_estimated_price_of_the_words_makes_the_whole_cost_an_estimate() -> None:
    by_time = TranscriptionUsage("i1", TranscriptUsage("duration", seconds=30.0))
    guessed = Prices("EUR", minute=1.0, estimated=True)
    (total,) = told([by_time], UsageMeter("m", "t", {"m": PRICES, "t": guessed}))
    assert total.estimated


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"audio_inptu": 1.0}, "'audio_inptu'"),
        ({"audio_input": -1}, "must be a price"),
        ({"audio_input": True}, "must be a price"),
        ({"audio_input": "32"}, "must be a price"),
        ({"audio_input": math.inf}, "must be a price"),
        ({"currency": 7}, "must be a string"),
        ({"estimated": 1}, "'estimated'"),
    ],
)
def test_what_is_wrong_in_a_price_table_is_named(table: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_config({"prices": {"my.model": table}}, Source(Path("config.toml")))
    assert says in str(caught.value)
    assert '[prices."my.model"]' in str(caught.value)
    assert caught.value.fix


def test_the_total_grows_and_its_last_word_comes_before_the_summary() -> None:
    summary = Summary(turns=1, xruns=0, dropped_blocks=0, duration_s=1.0)
    session_events = [ResponseUsage("r1", whole_usage(), 48000), ResponseUsage("r2", whole_usage(), 24000), summary]
    totals = told(session_events, UsageMeter("m", configured={"m": PRICES}))
    assert [total.responses for total in totals] == [1, 2, 2]
    assert [total.final for total in totals] == [False, False, True]
    assert totals[-1].cost == pytest.approx(2 * COST, abs=1e-6)
    assert totals[-1].currency == "EUR"
    assert totals[-1].complete
    assert totals[-1].answers_s == pytest.approx(1.5)
    assert totals[-1].tokens["cached_audio_input"] == 12


def test_transcription_is_counted_apart_and_paid_by_tokens_or_by_time() -> None:
    by_time = TranscriptUsage("duration", seconds=30.0)
    by_tokens = TranscriptUsage("tokens", None, 22, 13, 9, 1, 12)
    paid = {"m": PRICES, "t": Prices("EUR", text_input=1.0, audio_input=3.0, text_output=5.0, minute=0.006)}
    session_events = [TranscriptionUsage("i1", by_time), TranscriptionUsage("i2", by_tokens)]
    totals = told(session_events, UsageMeter("m", "t", paid))
    assert totals[0].cost == pytest.approx(0.003)
    assert totals[1].cost == pytest.approx(0.003 + (1 * 1 + 12 * 3 + 9 * 5) / 1e6, abs=1e-6)
    assert (totals[1].transcribed_s, totals[1].transcription_tokens, totals[1].responses) == (30.0, 22, 0)


def test_what_has_no_price_makes_the_cost_a_least_cost() -> None:
    by_time = TranscriptionUsage("i1", TranscriptUsage("duration", seconds=30.0))
    (total,) = told([by_time], UsageMeter("m", "unknown", {"m": PRICES}))
    assert (total.cost, total.complete) == (0.0, False)
    (total,) = told([ResponseUsage("r1", whole_usage())], UsageMeter("m"))
    assert (total.cost, total.complete, total.input_tokens) == (None, False, 132)


BY_TIME = Prices("RUB", text_input=800.0, text_output=900.0, audio_input_minute=6.0, audio_output_minute=12.0)


@dataclass
class Paid:
    """A session, as a meter sees it."""

    sent_s: float = 0.0
    at_rest: bool = False
    reasons: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nobody is asked yet."""
        self.each_tick: Callable[[], None] = lambda: None

    def wind_up(self, reason: str) -> None:
        """Note why."""
        self.reasons.append(reason)


def test_a_conversation_that_is_paid_by_time_costs_what_the_microphone_sent_and_the_answers_last() -> None:
    session = Paid()
    meter = UsageMeter("m", configured={"m": BY_TIME})
    meter.attach(session)
    # Its tokens are of text, whether the service says so or not.
    events = [
        (10.0, ResponseUsage("r1", Usage(input_tokens=1000, output_tokens=100), 2 * 24000 * 5)),
        (25.0, ResponseUsage("r2", Usage(input_text_tokens=1000, output_text_tokens=100), 0)),
        (40.0, Summary(turns=1, xruns=0, dropped_blocks=0, duration_s=1.0)),
    ]
    totals: list[Any] = []
    for session.sent_s, event in events:
        totals += meter(event, 0.0)
    tokens = (1000 * 800 + 100 * 900) / 1e6
    assert [total.cost for total in totals] == pytest.approx([1 + 1 + tokens, 3.5 + 2 * tokens, 5 + 2 * tokens])
    assert all(total.complete for total in totals)


def test_without_a_word_about_the_microphone_what_is_paid_by_time_costs_at_least_the_rest() -> None:
    answer = ResponseUsage("r1", None, 2 * 24000 * 5)
    (total,) = told([answer], UsageMeter("m", configured={"m": BY_TIME}))
    assert (total.cost, total.complete) == (1.0, False)


def test_a_budget_needs_prices() -> None:
    with pytest.raises(InvalidInputError) as caught:
        UsageMeter("speech-realtime-999999", budget=1.0)
    assert '[prices."speech-realtime-999999"]' in caught.value.fix
    heard = told([ResponseUsage("r1", whole_usage())], UsageMeter("", budget=1.0))
    assert [type(event) for event in heard] == [UsageTotal, ErrorShown]


def test_words_that_use_the_budget_up_are_answered_before_the_end() -> None:
    by_time = Prices("EUR", minute=1.0)
    meter = UsageMeter("m", "ears", {"m": PRICES, "ears": by_time}, budget=0.5)
    session = Paid()
    meter.attach(session)
    meter(TranscriptionUsage("i1", TranscriptUsage("duration", seconds=60.0)), 0.0)
    session.each_tick()
    assert not session.reasons
    meter(ResponseUsage("r1", whole_usage()), 1.0)
    assert session.reasons == ["budget"]


HEARS = Prices("EUR", minute=1.0)


@pytest.mark.parametrize(
    ("prices", "said", "ends_s"),
    [
        pytest.param(PRICES, ["completed"], 0.0, id="words"),
        pytest.param(PRICES, ["started", "stopped", "completed"], 15.0, id="words that the server does not answer"),
        pytest.param(BY_TIME, [], 5.0, id="a microphone"),
        pytest.param(BY_TIME, ["started", "stopped"], 15.0, id="a microphone and a server that answers nothing"),
        pytest.param(BY_TIME, ["started"], 65.0, id="a microphone and speech without an end"),
    ],
)
def test_a_budget_is_kept_where_no_answer_comes(prices: Prices, said: list[str], ends_s: float) -> None:
    events: dict[str, Step] = {
        "started": Emit("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=0),
        "stopped": Emit("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=900),
        "completed": Emit(
            "conversation.item.input_audio_transcription.completed",
            item_id="u1",
            content_index=0,
            transcript="Hello?",
            usage={"type": "duration", "seconds": 36.0},
        ),
    }
    created = Emit("session.created", session={"id": "s1", "model": "m"})
    script: list[Step] = [Expect("session.update"), created, *(events[name] for name in said)]
    # 0.5 is the price of five seconds of the microphone, or of thirty of words.
    meter = UsageMeter("m", "ears", {"m": prices, "ears": HEARS}, budget=0.5)

    async def attach(session: RealtimeSession, _: VirtualDevices) -> None:
        meter.attach(session)

    held = hold(script, duration_s=100, drive=attach, observers=[meter])
    assert held.summary.reason == "budget"
    assert held.summary.duration_s == pytest.approx(ends_s, abs=1.5)


def test_a_session_ends_after_the_answer_that_used_its_budget_up() -> None:
    async def main() -> tuple[Summary, list[SessionEvent], float]:
        session_events: list[SessionEvent] = []
        devices = VirtualDevices()
        audio = SessionAudio(devices, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
        chosen = choose_provider("custom", "ws://double/", {}, Config())
        place = {"response_id": "r1", "item_id": "i1", "content_index": 0, "output_index": 0}
        script: list[Step] = [
            Expect("session.update"),
            Emit("session.created", session={"id": "s1", "model": "m"}),
            Emit("response.created", response={"id": "r1"}),
            Emit("response.output_audio.delta", **place, delta="AEAAQABA" * 8000),
            Emit("response.output_audio.done", **place),
            Emit("response.done", response={"id": "r1", "status": "completed", "usage": USAGE}),
            Wait(60.0),
        ]
        meter = UsageMeter("", configured={"m": PRICES}, budget=COST)
        server = ServerDouble(script)
        observers = Audience([lambda event, _: session_events.append(event)], chosen.scrubber, [meter])
        session = RealtimeSession(chosen, audio, ToolRunner([]), observers=observers, connect=server.connect)
        meter.attach(session)
        summary = await session.run(duration_s=50)
        return summary, session_events, float(sum(abs(devices.heard) > 0.1)) / devices.rate_hz

    summary, session_events, heard_s = run_virtual(main())
    assert summary.reason == "budget"
    assert heard_s == pytest.approx(1.0, abs=0.05)
    assert summary.duration_s < 3
    assert isinstance(session_events[-1], Summary)
    assert isinstance(session_events[-2], UsageTotal)


@pytest.mark.parametrize("writes", [True, False], ids=["lines that are typed", "a server that answers everything"])
def test_a_budget_is_kept_to_within_one_answer_whatever_else_fails(writes: bool) -> None:
    async def answers(peer: Peer) -> None:
        """Answer what is asked for, or ten times something by itself."""
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": "s1", "model": "m"})
        for number in range(10):
            if writes:
                await peer.expect("response.create")
            response = {"id": f"r{number}", "status": "completed", "usage": USAGE}
            await peer.send("response.created", response=response)
            await peer.send_audio(f"r{number}", f"i{number}", tone(0.3))
            await peer.send("response.done", response=response)
            if not writes:
                await asyncio.sleep(0.5)

    def broken(event: SessionEvent, _: float) -> None:
        if isinstance(event, UsageTotal):
            raise InvalidInputError("No space left on the device.")

    async def main() -> tuple[Summary, list[SessionEvent], int]:
        heard: list[SessionEvent] = []
        devices = VirtualDevices()
        audio = SessionAudio(devices, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
        chosen = choose_provider("custom", "ws://double/", {}, Config())
        meter = UsageMeter("", configured={"m": PRICES}, budget=2.5 * COST)
        server = ServerDouble(answers, ignoring=["conversation.item.create", "response.cancel"])
        observers = Audience([broken, lambda event, _: heard.append(event)], chosen.scrubber, [meter])
        session = RealtimeSession(chosen, audio, ToolRunner([]), observers=observers, connect=server.connect)
        meter.attach(session)

        async def write() -> None:
            for number in range(10 * writes):
                session.type_text(f"line {number}")
                while not session.at_rest:  # noqa: ASYNC110 - as the command line waits for it
                    await asyncio.sleep(0.05)

        writing = asyncio.ensure_future(write())
        summary = await session.run(duration_s=50)
        writing.cancel()
        sounded_s = float(sum(abs(devices.heard) > 0.01)) / devices.rate_hz
        return summary, heard, round(sounded_s / 0.3)

    summary, heard, answers_heard = run_virtual(main())
    assert summary.reason == "budget"
    assert answers_heard == 3
    (*_, total) = [event for event in heard if isinstance(event, UsageTotal)]
    assert total.final
    # The meter goes on though an observer failed on what it concluded, and that one alone is told nothing more.
    # A server that answers by itself is told to cancel; this one says that answer's usage all the same.
    assert total.cost == pytest.approx((3 if writes else 4) * COST, rel=0.01)
    assert [event.message for event in heard if isinstance(event, ErrorShown)] == ["No space left on the device."]
