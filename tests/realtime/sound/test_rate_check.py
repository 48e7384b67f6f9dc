"""A rate that is not the one declared: what gives it away, what does not, and the option that puts it right."""

from __future__ import annotations

import pytest

from engine.config import Config
from engine.realtime.protocol.server_events import Usage
from engine.realtime.providers.choose import choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session_events import AgentText, ErrorShown, OutputRate, ResponseEnded, ResponseUsage, SessionEvent
from engine.realtime.sound.rate_check import OutputRateWatch

TEXT = "The weather in Moscow is cloudy today, with a light wind from the west. "


def answer(
    sent_hz: int, seconds: float, *, text: str = "", tokens: int | None = None, status: str = "completed"
) -> list[SessionEvent]:
    """A response whose sound lasts so long."""
    usage = Usage(output_audio_tokens=tokens)
    spoken = [AgentText(text, "i1", "r1")] if text else []
    return [*spoken, ResponseEnded("r1", status), ResponseUsage("r1", usage, round(2 * sent_hz * seconds))]


def warnings(played_hz: int, *session_events: SessionEvent) -> list[str]:
    """What the person is told."""
    watch = OutputRateWatch(played_hz)
    told = [concluded for event in session_events for concluded in watch(event, 0.0)]
    assert all(isinstance(event, ErrorShown) for event in told)
    return [event.message for event in told if isinstance(event, ErrorShown)]


@pytest.mark.parametrize(("played_hz", "sent_hz"), [(44100, 24000), (24000, 44100), (24000, 16000), (24000, 48000)])
def test_tokens_of_sound_give_another_rate_away(played_hz: int, sent_hz: int) -> None:
    (told,) = warnings(played_hz, *answer(sent_hz, 6.0, tokens=120))
    assert told.endswith(f"`output_rate={sent_hz}`.")
    assert ("too fast" in told) == (sent_hz < played_hz)


def test_short_answers_are_taken_together() -> None:
    short = answer(44100, 0.8, tokens=16)
    assert not warnings(24000, *short)
    (told,) = warnings(24000, *short, *short)
    assert told.endswith("`output_rate=44100`.")


@pytest.mark.parametrize("pace_hz", [14, 16, 18])
def test_a_pace_nobody_speaks_at_gives_it_away(pace_hz: int) -> None:
    text = TEXT * 2
    (told,) = warnings(44100, *answer(24000, len(text) / pace_hz, text=text))
    assert "too fast" in told
    assert told.endswith("`output_rate=24000`.")


def test_a_server_that_declares_another_rate_than_it_was_asked_for_is_believed() -> None:
    (told,) = warnings(44100, OutputRate(24000), OutputRate(24000))
    assert told.endswith("`output_rate=24000`.")


@pytest.mark.parametrize(
    "session_events",
    [
        [OutputRate(24000)],
        answer(24000, 6.0, tokens=120, text=TEXT),
        answer(24000, 6.1, tokens=120),
        answer(24000, 1.0, tokens=120),
        answer(24000, 0.72, tokens=15) * 10,
        # One of two was not counted.
        [*answer(24000, 1.5, tokens=30), *answer(24000, 1.5)] * 2,
        answer(24000, 3.0, tokens=120, status="cancelled"),
        answer(24000, len(TEXT) / 9, text=TEXT),
        answer(24000, len(TEXT) / 22, text=TEXT),
        # Numbers and other scripts have another pace.
        answer(24000, 30.0, text="1984 2001 3.14159 42 1000000 7 8 9 10"),
        answer(24000, 8.0, text="今天莫斯科多云，气温大约十二度，有轻微的西风。"),
        answer(24000, 6.0),
    ],
)
def test_an_ordinary_answer_troubles_nobody(session_events: list[SessionEvent]) -> None:
    assert not warnings(24000, *session_events)


def test_the_person_is_told_once() -> None:
    wrong = answer(24000, 6.0, tokens=120)
    assert len(warnings(44100, *wrong, *wrong, OutputRate(24000))) == 1


def test_the_option_changes_what_is_asked_for_and_played() -> None:
    keys = {"YANDEX_CLOUD_API_KEY": "AQVN-test", "YANDEX_CLOUD_FOLDER_ID": "f"}
    chosen = choose_provider("yandex", None, keys, Config())
    assert chosen.with_output_rate(None) is chosen
    other = chosen.with_output_rate(24000)
    assert other.provider.output_rate_hz == 24000
    assert SessionSettings().to_json(other)["audio"]["output"]["format"]["rate"] == 24000
