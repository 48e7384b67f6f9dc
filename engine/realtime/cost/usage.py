"""Counts what a session used, and what that costs: an observer that tells the others the running total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from engine.config_tables import Prices
from engine.errors import InvalidInputError
from engine.realtime.cost.prices import prices_of
from engine.realtime.protocol.server_events import TranscriptUsage, Usage
from engine.realtime.session_events import (
    ErrorShown,
    ResponseUsage,
    SessionEvent,
    SessionStarted,
    Summary,
    TranscriptionUsage,
    UsageTotal,
)

_MILLION = 1e6
_OF_TEXT = {"other_input": "text_input", "other_output": "text_output"}
_LAST_TURN_S = 60.0
"""Most of the microphone that is sent until the turn in which the budget is used up has been answered."""


class Tokens(Counter[str]):
    """Tokens by price: the fields of `Prices`, and `other_input` and `other_output` for tokens of unknown kind."""

    @property
    def input(self) -> int:
        """All of the input."""
        return sum(count for name, count in self.items() if name.endswith("_input"))

    @property
    def output(self) -> int:
        """All of the output."""
        return sum(count for name, count in self.items() if name.endswith("_output"))

    @property
    def cached(self) -> int:
        """The part of the input that came from the cache, and was cheaper."""
        return sum(count for name, count in self.items() if name.startswith("cached_"))


def tokens_of(usage: Usage | TranscriptUsage) -> Tokens:
    """Sort the tokens that a server counted.

    Example:
        >>> tokens_of(Usage(input_tokens=132, input_text_tokens=119, input_audio_tokens=13, cached_text_tokens=64))
        Tokens({'cached_text_input': 64, 'text_input': 55, 'audio_input': 13, ...})
    """
    if isinstance(usage, TranscriptUsage):
        usage = Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            input_text_tokens=usage.input_text_tokens,
            input_audio_tokens=usage.input_audio_tokens,
            output_text_tokens=usage.output_tokens,
        )
    text, audio, image = (
        _count(usage.input_text_tokens),
        _count(usage.input_audio_tokens),
        _count(usage.input_image_tokens),
    )
    cached_text, cached_audio = _count(usage.cached_text_tokens), _count(usage.cached_audio_tokens)
    cached_image = _count(usage.cached_image_tokens)
    # A cache begins with the instructions, so what a server does not sort is text as far as there is text.
    unsorted = max(0, _count(usage.cached_tokens) - cached_text - cached_audio - cached_image)
    as_text = min(unsorted, max(0, text - cached_text))
    cached_text, cached_audio = (
        cached_text + as_text,
        cached_audio + min(unsorted - as_text, max(0, audio - cached_audio)),
    )
    text_output, audio_output = _count(usage.output_text_tokens), _count(usage.output_audio_tokens)
    return Tokens(
        text_input=max(0, text - cached_text),
        cached_text_input=cached_text,
        audio_input=max(0, audio - cached_audio),
        cached_audio_input=cached_audio,
        image_input=max(0, image - cached_image),
        cached_image_input=cached_image,
        text_output=text_output,
        audio_output=audio_output,
        other_input=max(0, _count(usage.input_tokens) - text - audio - image),
        other_output=max(0, _count(usage.output_tokens) - text_output - audio_output),
    )


def _count(tokens: int | None) -> int:
    """A count that a server left out is none, and below zero there is none: it would give money back."""
    return max(0, tokens or 0)


def cost_of(tokens: Tokens, prices: Prices | None, seconds: float = 0.0) -> tuple[float, bool]:
    """Return what it costs, and whether everything that was used has a price.

    Args:
        tokens: Counts by kind.
        prices: In a currency per million tokens or per minute; None where none are known.
        seconds: Audio of the microphone that is paid by time.
    """
    # Where audio is paid by time, the tokens that are counted are those of text.
    names = _OF_TEXT if prices and prices.audio_output_minute is not None else {}
    cost, complete = 0.0, True
    for name, count in tokens.items():
        price = getattr(prices, names.get(name, name), None)
        cost += (price or 0.0) * count / _MILLION
        complete = complete and (price is not None or not count)
    if seconds:
        price = prices.minute if prices else None
        cost += (price or 0.0) * seconds / 60
        complete = complete and price is not None
    return cost, complete


class Metered(Protocol):
    """A session, as far as it is paid for."""

    each_tick: Callable[[], None]
    """Called many times a second."""

    @property
    def sent_s(self) -> float:
        """Seconds of the microphone's audio that have been sent."""

    @property
    def at_rest(self) -> bool:
        """True while nobody speaks and no answer is owed or heard."""

    def wind_up(self, reason: str) -> None:
        """End when what is under way has been heard, and begin nothing new."""


class UsageMeter:
    """An observer that adds up what the session events tell, concludes the total, and winds the session up in time."""

    def __init__(
        self,
        model: str,
        transcription_model: str = "",
        configured: Mapping[str, Prices] | None = None,
        *,
        output_rate_hz: int = 24000,
        budget: float | None = None,
    ) -> None:
        """Begin at nothing.

        Args:
            model: Model whose prices count; empty where the server will say.
            transcription_model: Model for the words of the user, paid apart; empty where the service does it unasked.
            configured: Prices of the configuration by model.
            output_rate_hz: The wire's rate of the answers.
            budget: Most that the session may cost, in the currency of the model's prices.

        Raises:
            InvalidInputError: a budget for a model without prices.
        """
        self._model = model
        self._configured = configured or {}
        self._prices = prices_of(model, self._configured)
        self._transcribes_apart = transcription_model not in ("", model)
        self._transcription_prices = prices_of(transcription_model, self._configured)
        self._output_rate_hz = output_rate_hz
        self._budget = budget
        self._responses = 0
        self._tokens, self._transcription_tokens = Tokens(), Tokens()
        self._answers_s = self._transcribed_s = self._cost = 0.0
        self._session: Metered | None = None
        self._paid_s = 0.0
        """Seconds of the microphone that are in the cost."""
        self._within_budget_s = 0.0
        """Seconds of the microphone that had been sent when the budget was last kept."""
        self._complete = True
        if budget is not None and model and self._prices is None:
            raise InvalidInputError(
                f"No price is known for '{model}', so the budget cannot be enforced.",
                fix=f'Add it to the configuration: [prices."{model}"].',
            )

    def attach(self, session: Metered) -> None:
        """Count what this session sends of the microphone, and keep its budget."""
        self._session = session
        session.each_tick = self._keep_budget

    def __call__(self, event: SessionEvent, _: float) -> list[SessionEvent]:
        """Take one session event; return the new total."""
        match event:
            case SessionStarted(_, _, model) if model:
                self._use_model(model)
            case ResponseUsage(_, usage, audio_bytes):
                tokens = tokens_of(usage) if usage else Tokens()
                answer_s = audio_bytes / 2 / self._output_rate_hz
                self._responses += 1
                self._answers_s += answer_s
                self._tokens.update(tokens)
                self._charge(*cost_of(tokens, self._prices))
                self._charge_time(answer_s)
                self._keep_budget(at_answers_end=True)
                return self._total()
            case TranscriptionUsage(_, usage):
                tokens, seconds = tokens_of(usage), max(0.0, usage.seconds or 0.0)
                self._transcribed_s += seconds
                self._transcription_tokens.update(tokens)
                if self._transcribes_apart:
                    self._charge(*cost_of(tokens, self._transcription_prices, seconds))
                return self._total()
            case Summary():
                self._charge_time()
                if self._responses or self._cost:
                    return self._total(final=True)
        return []

    def _keep_budget(self, *, at_answers_end: bool = False) -> None:
        """Wind up once the budget is used up, but not while words wait for their answer: they would be left without."""
        self._charge_time()
        if self._session is None:
            return
        if self._budget is None or self._cost < self._budget:
            self._within_budget_s = self._session.sent_s
        elif at_answers_end or self._session.at_rest or self._session.sent_s - self._within_budget_s > _LAST_TURN_S:
            self._session.wind_up("budget")

    def _use_model(self, model: str) -> None:
        """A server may name the snapshot it took; where it names something else, what was asked for still counts."""
        found = prices_of(model, self._configured)
        if found is not None or not self._model:
            self._model, self._prices = model, found

    def _charge(self, cost: float, complete: bool) -> None:
        self._cost += cost
        self._complete = self._complete and complete

    def _charge_time(self, answer_s: float = 0.0) -> None:
        """Charge an answer, and what the microphone has sent since the last charge, where those are paid by time."""
        if self._prices is None:
            return
        input_price, output_price = self._prices.audio_input_minute, self._prices.audio_output_minute
        sent_s = self._session.sent_s if self._session is not None else self._paid_s
        cost = (input_price or 0.0) * (sent_s - self._paid_s) + (output_price or 0.0) * answer_s
        is_paid_by_time = input_price is not None or output_price is not None
        is_known = input_price is not None and output_price is not None and self._session is not None
        self._charge(cost / 60, complete=is_known or not is_paid_by_time)
        self._paid_s = sent_s

    def _total(self, *, final: bool = False) -> list[SessionEvent]:
        total = UsageTotal(
            responses=self._responses,
            input_tokens=self._tokens.input,
            cached_tokens=self._tokens.cached,
            output_tokens=self._tokens.output,
            tokens={name: count for name, count in self._tokens.items() if count},
            answers_s=round(self._answers_s, 3),
            transcription_tokens=self._transcription_tokens.input + self._transcription_tokens.output,
            transcribed_s=round(self._transcribed_s, 3),
            cost=round(self._cost, 6) if self._prices else None,
            currency=self._prices.currency if self._prices else "",
            complete=self._complete,
            budget=self._budget,
            prices=self._prices.source if self._prices else "",
            estimated=any(prices.estimated for prices in (self._prices, self._transcription_prices) if prices),
            final=final,
        )
        if self._budget is not None and self._prices is None and self._responses == 1 and not final:
            return [total, ErrorShown(f"No price is known for '{self._model}': the budget is not enforced.", "budget")]
        return [total]
