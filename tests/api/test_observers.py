"""Observers of a session: what they return, what they fail with, and what no event shows them."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import engine as voice
from engine.api.event_buffer import EventBuffer
from engine.audio.wav_file import WavFile
from engine.config_tables import McpServer, Offer
from engine.realtime.audience import Audience
from engine.realtime.protocol.errors import describe
from engine.realtime.protocol.server_events import ServerError
from engine.realtime.testing import ServerDouble, VirtualDevices, run_virtual
from engine.redaction import Scrubber
from tests.api.rig import BEGUN, names_of


def hold(
    config: voice.Config, *observers: Callable[[voice.SessionEvent, float], object], record: Path | None = None
) -> list[voice.SessionEvent]:
    """Hold a session for a second; return its events, as a loop reads them."""

    async def main() -> list[voice.SessionEvent]:
        with ServerDouble(BEGUN) as server:
            async with voice.Session(
                url="ws://double/",
                backend=VirtualDevices(),
                connect=server.connect,
                config=config,
                observers=observers,
                record=record,
                duration=1,
            ) as session:
                return [event async for event in session]

    return run_virtual(main(), at_most_s=60)


def test_a_key_that_a_tool_module_fails_with_is_in_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "leaky_tools.py").write_text("import os\nraise RuntimeError('bad ' + os.environ['WEATHER_API_KEY'])\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv("WEATHER_API_KEY", "swordfish-0123")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "RuntimeError")  # no secret
    observed: list[voice.SessionEvent] = []
    events = hold(voice.Config(tools=Offer(enabled=("leaky_tools:X",))), lambda event, _: observed.append(event))
    (lack,) = [event for event in events if isinstance(event, voice.Lacking)]
    assert "RuntimeError: bad ***" in lack.text
    assert "swordfish" not in repr(observed)
    assert observed == events


def test_an_observer_that_fails_before_the_conversation_ends_nothing_and_is_told_no_more() -> None:
    pytest.importorskip("mcp")
    told: list[voice.SessionEvent] = []

    def failing(event: voice.SessionEvent, _: float) -> None:
        told.append(event)
        raise KeyError("boom")

    def failing_later(event: voice.SessionEvent, _: float) -> None:
        if isinstance(event, voice.McpServerChanged):
            raise KeyError("later")

    events = hold(voice.Config(mcp={"x": McpServer(command="/no/such/command")}), failing, failing_later)
    assert len(told) == 1
    shown = [event.message for event in events if isinstance(event, voice.ErrorShown)]
    assert shown == [f"Part of the display has stopped: KeyError: '{text}'" for text in ("boom", "later")]
    assert names_of(events)[-1] == "Summary"


def test_what_an_observer_returns_is_its_own_business() -> None:
    observed: list[voice.SessionEvent] = []

    def noting(event: voice.SessionEvent, _: float) -> bool:
        observed.append(event)
        return True

    events = hold(voice.Config(), noting, lambda event, _: [event, 5])
    assert observed == events
    assert "ErrorShown" not in names_of(events)


def test_what_the_disk_does_to_the_end_of_a_recording_is_read_before_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = WavFile.close

    def cannot_close(file: WavFile) -> None:
        close(file)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(WavFile, "close", cannot_close)
    observed: list[voice.SessionEvent] = []
    events = hold(voice.Config(), lambda event, _: observed.append(event), record=tmp_path)
    assert observed == events
    assert "No space left" in next(event.message for event in events if isinstance(event, voice.ErrorShown))
    assert names_of(events)[-1] == "Summary"


async def test_after_the_summary_only_the_failure_of_an_observer_to_take_it_is_told_and_that_is_read() -> None:
    def failing(event: voice.SessionEvent, _: float) -> None:
        if isinstance(event, voice.Summary):
            audience.tell(voice.UserTyped("late"))
            raise OSError("the disk is full")

    audience = Audience([failing, buffer := EventBuffer()], Scrubber(()))
    audience.tell(voice.Summary(0, 0, 0, 1.0))
    audience.tell(voice.UserTyped("too late"))
    read = [await buffer.next() for _ in range(3)]
    assert [type(event).__name__ for event in read] == ["Summary", "ErrorShown", "NoneType"]


async def coroutine_function(event: voice.SessionEvent, _: float) -> None:
    raise AssertionError


class WithCoroutine:
    """An observer whose call is a coroutine function."""

    async def __call__(self, event: voice.SessionEvent, _: float) -> None:
        """Never run."""


@pytest.mark.parametrize("observer", [None, 5, coroutine_function, WithCoroutine()])
def test_an_observer_that_nobody_could_call_is_refused(observer: object) -> None:
    with pytest.raises(voice.InvalidInputError, match="`observers=`"):
        voice.SessionOptions(observers=[observer])  # type: ignore[list-item]


def test_a_key_in_the_words_of_a_server_is_masked_whatever_kind_of_text_they_are() -> None:
    shown = voice.ErrorShown(describe(ServerError(message="key sk-secret-123456 is odd")))
    assert Scrubber(["sk-secret-123456"]).clean_fields(shown).message == "key *** is odd"
