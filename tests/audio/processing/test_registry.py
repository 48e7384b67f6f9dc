"""Processors by name: the text of an option becomes values, and whatever does not fit is refused with what would."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.audio.processing.processors.gain import Gain
from engine.audio.processing.processors.half_duplex import HalfDuplex
from engine.audio.processing.processors.high_pass import HighPass
from engine.audio.processing.processors.noise_gate import NoiseGate
from engine.audio.processing.protocol import Processor, Samples
from engine.audio.processing.registry import GROUP, Value, make_processor, parse_processor
from engine.errors import InvalidInputError, LibraryMissingError, VoiceError
from engine.plugins import find_plugin, package_of

NAMES = st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True)
TEXTS = st.text(st.characters(exclude_characters=",", exclude_categories=["C", "Z"])).filter(
    lambda text: type(parse_processor(f"x:y={text}")[1]["y"]) is str
)
VALUES = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS


def written(value: Value) -> str:
    """A value as a person writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(NAMES, st.dictionaries(NAMES, VALUES, min_size=1))
@example("record", {"path": "C:\\talk.wav", "at": "10:30=x"})
def test_what_is_written_is_read(name: str, options: dict[str, Value]) -> None:
    text = ",".join(f"{key}={written(value)}" for key, value in options.items())
    read_name, read = parse_processor(f"{name}:{text}")
    assert (read_name, read) == (name, options)
    assert [type(value) for value in read.values()] == [type(value) for value in options.values()]
    assert parse_processor(name) == (name, {})


@given(st.text())
@example("1" * 5000)
@example("x:y=" + "1" * 5000)
def test_any_text_is_read_or_refused_with_the_form(text: str) -> None:
    try:
        name, _ = parse_processor(text)
    except InvalidInputError as error:
        assert "NAME:key=value" in error.fix
    else:
        assert name


@pytest.mark.parametrize("text", ["", ":", " :a=1", "gain:", "gain:gain_db", "gain:=3", "gain:a=1,", "gain:a=1,a=2"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="NAME:key=value"):
        make_processor(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("half_duplex:tail_ms=200", HalfDuplex),
        ("noise_gate:open_db=-50,hold_ms=100", NoiseGate),
        ("gain:gain_db=6", Gain),
        ("high_pass:cutoff_hz=100", HighPass),
    ],
)
def test_ours_are_registered(text: str, kind: type) -> None:
    assert type(make_processor(text)) is kind


class Greedy:
    """One that must be told a path."""

    def __init__(self, *, path: str, loud: bool = False) -> None:
        self.given = path, loud

    def process(self, block: Samples, reference: Samples) -> Samples:
        return block


class Ill(Greedy):
    """One that fails whatever it is told."""

    def __init__(self) -> None:
        raise RuntimeError("no model")


class Nobody:
    """No processor."""


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processors of others."""
    points = {"greedy": "Greedy", "ill": "Ill", "no": "Nobody", "gone": "Missing"}
    found = [EntryPoint(name, f"{__name__}:{value}", GROUP) for name, value in points.items()]
    found.append(EntryPoint("lacking", "no_such_library:X", GROUP))
    monkeypatch.setattr("engine.plugins.registered", lambda group: found)


@pytest.mark.usefixtures("plugins")
def test_one_of_others_is_made_with_its_options() -> None:
    made = make_processor("greedy:path=C:\\talk.wav,loud=true")
    assert isinstance(made, Processor)
    assert isinstance(made, Greedy)
    assert made.given == ("C:\\talk.wav", True)


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("text", "error", "says", "fix"),
    [
        ("reverb", InvalidInputError, "no processor called 'reverb'", "gone, greedy, ill, lacking, no"),
        ("greedy", InvalidInputError, "missing .*'path'", "path, loud=False"),
        ("greedy:path=x,laud=1", InvalidInputError, "'laud'", "path, loud=False"),
        ("greedy:path=x,loud=1", InvalidInputError, "'loud' .* cannot be 1", "loud=False"),
        ("ill:x=1", InvalidInputError, "'x'", "It has no options"),
        ("ill", LibraryMissingError, "'ill' .*fails: RuntimeError: no model", "`processors=`"),
        ("lacking", LibraryMissingError, "'lacking' .*ModuleNotFoundError.*no_such_library", "`processors=`"),
        ("gone", LibraryMissingError, "'gone' .*AttributeError", "`processors=`"),
        ("no", LibraryMissingError, "lacks: process", "Repair"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(text: str, error: type[VoiceError], says: str, fix: str) -> None:
    with pytest.raises(error, match=says) as refused:
        make_processor(text)
    assert fix in refused.value.fix


@pytest.mark.parametrize("text", ["gain:gain_db=loud", "gain:gain_db=nan", "gain:gain_db=true", "gain:limit_db=1"])
def test_a_value_of_another_kind_or_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="_db"):
        make_processor(text)


def test_a_package_that_registers_one_of_our_names_takes_nothing_from_us(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = find_plugin(GROUP, "gain", "There is no")
    assert package_of(ours) == "voice-realtime"
    monkeypatch.setattr(
        "engine.plugins.registered", lambda group: [EntryPoint("gain", f"{__name__}:Greedy", group), ours]
    )
    assert type(make_processor("gain")) is Gain


def test_what_is_installed_is_read_once_as_long_as_it_is_looked_for_in_the_same_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It took a session a sixtieth of a second for each plugin."""
    readings = list[Any]()

    def read() -> Any:
        readings.append(entry_points())
        return readings[-1]

    monkeypatch.setattr("engine.plugins.entry_points", read)
    monkeypatch.setattr(sys, "path", [*sys.path, "/nowhere"])
    assert find_plugin(GROUP, "gain", "").name == "gain"
    assert find_plugin("voice.backends", "virtual", "").name == "virtual"
    assert len(readings) == 1
    monkeypatch.setattr(sys, "path", [*sys.path, "/nowhere/else"])
    assert find_plugin(GROUP, "gain", "").name == "gain"
    assert len(readings) == 2
