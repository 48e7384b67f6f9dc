"""Text of others is shown without control characters and overrides, wherever it comes from and wherever it goes."""

from __future__ import annotations

import io
import json
import logging
import sys
import types
import typing
import unicodedata
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.report.document import Document
from benchmarks.report.results import Result
from benchmarks.timing import quantiles
from cli import app, main
from cli.bench.page.page import page
from cli.commands import backends, replay
from cli.devices.table import print_devices
from cli.run.commands import question
from cli.run.event_file import EventFile
from cli.terminal.sanitize import json_text, printable, spoken
from cli.view.screen import Screen
from engine.audio.types import Device
from engine.errors import InvalidInputError
from engine.realtime import session_events
from engine.realtime.recording.replay import Replayed
from engine.realtime.session_events import AgentTextDelta, McpServerChanged, SessionEvent, ToolCalled, UserTranscript
from engine.redaction import Scrubber

HOSTILE = "a\x1b]52;c;cm0=\x07b\x9b2J\r\nforged\x85\u2028\u202eeteled\u2066c\u200bd\ufeff\udc80\x00"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
EVENTS = [kind for kind in vars(session_events).values() if isinstance(kind, type) and issubclass(kind, SessionEvent)]
EVENTS = [kind for kind in EVENTS if kind is not SessionEvent]
ANY_TEXT = st.text(st.characters())


def is_clean(text: str, *, keeps_invisible: bool = False) -> bool:
    """Whether there is nothing in it but letters and line ends of our own."""
    categories = {unicodedata.category(character) for character in text if character != "\n"}
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return not (
        categories & {"Cc", "Cs", "Zl", "Zp", *(() if keeps_invisible else ("Cf",))}
        or bidi & {unicodedata.bidirectional(character) for character in text}
    )


@pytest.mark.parametrize(
    "character",
    "\u3164\u115f\u1160\uffa0\u2800\u034f\ufe0f\ufe00\U000e0100\U000e01ef\u180b\u180e\u17b4\u2065\u200b\u2060\U000e0041",
    ids=ascii,
)
def test_a_name_hides_no_character(character: str) -> None:
    assert printable(f"read{character}_file") == "read_file"
    assert printable(character * 3) == ""
    assert spoken("\u2764\ufe0f \u1100\u1160") == "\u2764\ufe0f \u1100\u1160", "emoji and scripts need them"


def filled(kind: Any) -> Any:  # noqa: PLR0911
    """A value of a type, hostile wherever a text may be."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return filled(inner[0])
    if origin is typing.Literal:
        return inner[0]
    if origin in (list, tuple) or kind in (list, tuple):
        return (origin or kind)([filled(inner[0] if inner else str)])
    if origin is dict or kind is dict or getattr(origin, "__name__", "") == "Mapping":
        return {HOSTILE: HOSTILE} if not inner or inner[1] in (Any, object, str) else {HOSTILE: filled(inner[1])}
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        values = {entry.name: filled(hints[entry.name]) for entry in fields(kind) if entry.init}
        return typing.cast(Any, kind)(**values | ({"state": "lost"} if kind is McpServerChanged else {}))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return HOSTILE if kind in (str, Any, object) else kind(1)


@given(ANY_TEXT)
def test_nothing_that_steers_is_left_of_any_text(text: str) -> None:
    assert is_clean(printable(text))
    assert is_clean(spoken(text), keeps_invisible=True)
    assert json.loads(json_text([text])) == [text]
    assert len(json_text([text]).splitlines()) == 1


def test_emoji_and_scripts_keep_what_they_need_in_a_conversation_only() -> None:
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    out = io.StringIO()
    screen = Screen(out)
    screen(UserTranscript(FAMILY), 0.0)
    screen(AgentTextDelta(persian, "i1"), 0.0)
    screen(ToolCalled("pay", {"to": persian}, "c1"), 0.0)
    said, answered, *_ = out.getvalue().splitlines()
    assert said.endswith(FAMILY)
    assert answered.endswith(persian)
    assert printable(persian) not in answered and is_clean(printable(persian))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_an_event_of_any_kind_steers_neither_the_screen_nor_the_reader_of_its_line(kind: type[SessionEvent]) -> None:
    event = filled(kind)
    out, lines = io.StringIO(), io.StringIO()
    screen = Screen(out)
    for _ in range(2):
        screen(event, 0.0)
    assert is_clean(out.getvalue(), keeps_invisible=True)
    assert "\nforged" not in out.getvalue()
    file = EventFile("events", lines, pytest.fail, pytest.fail)
    file(event, 1.5)
    file.close()
    assert len(lines.getvalue().splitlines()) == 1
    assert json.loads(lines.getvalue()) == json.loads(json.dumps({"t": 1.5, **event.to_json()}))


def test_a_question_shows_every_letter_and_nothing_else() -> None:
    asked = question(HOSTILE).plain
    assert is_clean(asked) and "eteledc" in asked


def test_no_line_of_the_log_is_forged() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        record = logging.LogRecord("x", logging.WARNING, "", 0, "field %s", (HOSTILE,), sys.exc_info())
    app.load_command("providers")
    assert logging.lastResort is not None
    first, *rest = logging.lastResort.format(record).split("\n")
    assert first.startswith("WARNING field a ") and is_clean(first)
    assert all(line.startswith("  ") and is_clean(line) for line in rest)


def test_an_error_that_ends_a_command_is_two_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise InvalidInputError(f"The server said {HOSTILE}.", fix=f"Correct {HOSTILE}.")

    monkeypatch.setattr(app, "app", fail)
    with pytest.raises(SystemExit):
        main._run()
    said = capsys.readouterr().err
    assert is_clean(said) and len(said.splitlines()) == 2


def test_a_recording_of_a_hostile_server_is_replayed_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Replayed(1, 0.0, 0, "handle", HOSTILE, [{"$": HOSTILE}], [{"$": HOSTILE}])
    monkeypatch.setattr("engine.realtime.recording.replay.replay", lambda _: iter([step]))
    for as_json in (False, True):
        replay.replay(__file__, as_json=as_json, everything=True)
        assert is_clean(capsys.readouterr().out)


def test_devices_and_plugins_are_listed_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    print_devices([filled(Device)], None, {})
    assert is_clean(capsys.readouterr().out)
    row = backends._Row(HOSTILE, HOSTILE, False, HOSTILE, HOSTILE)
    monkeypatch.setattr("engine.audio.device.registry.backend_names", lambda: ["x"])
    monkeypatch.setattr(backends, "_look_at", lambda _: row)
    for as_json in (False, True):
        backends.backends(as_json=as_json)
        out = capsys.readouterr().out
        assert is_clean(out.replace("\u200b", "").replace("\ufeff", "") if as_json else out)


def test_the_page_of_a_run_is_quiet() -> None:
    hostile = HOSTILE.replace("\udc80", "")
    result = Result("dsp", f"dsp/{hostile}", "ns", quantiles([1.0, 2.0]), extra={"block_ms": 10.0})
    assert is_clean(page(Document({"cpu": hostile, "cores": hostile}, (result,)), note=hostile))


def test_a_key_that_a_server_repeats_is_in_no_event() -> None:
    key = "sk-swordfish-0123"
    scrubber = Scrubber([key])
    for kind in EVENTS:
        event = filled(kind)
        texts = {entry.name: f"{HOSTILE} {key}" for entry in fields(event) if getattr(event, entry.name) == HOSTILE}
        assert key not in json.dumps(scrubber.clean_fields(replace(event, **texts)).to_json())
    call = ToolCalled("pay", {"to": [key, {key: 1}]}, "c1")
    assert key not in json.dumps(scrubber.clean_fields(call).to_json())
    assert scrubber.clean_fields(ToolCalled("pay", {"to": 1}, "c1")) == ToolCalled("pay", {"to": 1}, "c1")
