"""The processors of a session's microphone: what the options, the configuration and the devices come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.errors import on_command_line
from engine import Session
from engine.api.options import SessionOptions
from engine.api.plan import SessionPlan
from engine.api.processing import Processing
from engine.audio.processing import registry
from engine.audio.processing.protocol import Processor, Samples
from engine.audio.types import StreamInfo, StreamSide
from engine.config import Config, check_config
from engine.config_errors import Source
from engine.config_tables import ProcessingOptions
from engine.errors import InvalidInputError, LibraryMissingError
from engine.realtime.testing import ServerDouble, run_virtual
from tests.api.rig import ANSWER, BEGUN, session_with


class Doubling:
    """A processor of the program's own."""

    def process(self, block: Samples, reference: Samples) -> Samples:
        return block + block


class Library:
    """Stands in for `webrtc`, and is made of the same options."""

    def __init__(self, *, echo: bool, noise_suppression: str, agc: bool) -> None:
        self.options = echo, noise_suppression, agc

    def process(self, block: Samples, reference: Samples) -> Samples:
        return block


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """`webrtc` is there."""
    make = registry.make
    monkeypatch.setattr(
        registry, "make", lambda name, options: Library(**options) if name == "webrtc" else make(name, options)
    )


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not."""
    make = registry.make

    def lacking(name: str, options: Any) -> Processor:
        if name == "webrtc":
            raise LibraryMissingError("No module named 'pywebrtc_audio'.")
        return make(name, options)

    monkeypatch.setattr(registry, "make", lacking)


@pytest.fixture(autouse=True)
def no_sound_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody knows more of the devices than their names."""
    monkeypatch.setenv("PATH", str(tmp_path))


def stream(output: str = "Speakers", source_api: str = "ALSA", target_api: str = "ALSA") -> StreamInfo:
    """A stream as it was opened; files have no host API."""
    source = StreamSide("Microphone", 48000, 1, 480, 10.0, source_api)
    return StreamInfo("sounddevice", True, source, StreamSide(output, 48000, 2, 480, 10.0, target_api))


LOUD, WORN = stream(), stream("Headphones")
FILE_IN, FILES = stream(source_api=""), stream(source_api="", target_api="")


def made(info: StreamInfo, configured: ProcessingOptions | None = None, **options: Any) -> list[object]:
    """The processors' names, or what the library was told."""
    processing = Processing(SessionOptions(**options), configured or ProcessingOptions())
    return [getattr(one, "options", type(one).__name__) for one in processing.processors(info)]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("info", "options", "expected"),
    [
        (LOUD, {}, [(True, "low", False)]),
        (WORN, {}, []),
        (FILE_IN, {}, []),
        (FILES, {}, []),
        (stream(target_api=""), {}, []),
        (StreamInfo("sounddevice", True, LOUD.input, None), {}, []),
        (StreamInfo("sounddevice", True, None, LOUD.output), {"echo": "on", "processors": ["gain"]}, []),
        (WORN, {"echo": "on"}, [(True, "low", False)]),
        (FILES, {"echo": "on", "noise_suppression": "off"}, [(True, "off", False)]),
        (LOUD, {"echo": "off"}, []),
        (LOUD, {"echo": "off", "noise_suppression": "medium"}, [(False, "medium", False)]),
        (WORN, {"agc": True}, [(True, "low", True)]),  # there is a chain anyway, and headphones can be unplugged
        (WORN, {"agc": True, "echo": "off"}, [(False, "off", True)]),
        (WORN, {"processors": ["gain"]}, [(True, "low", False), "Gain"]),
        (FILES, {"agc": True}, [(False, "off", True)]),
        (LOUD, {"agc": True, "noise_suppression": "high"}, [(True, "high", True)]),
        (LOUD, {"echo": "half-duplex"}, ["HalfDuplex"]),
        (FILES, {"echo": "half-duplex", "noise_suppression": "low"}, [(False, "low", False), "HalfDuplex"]),
        (FILES, {"processors": ["gain:gain_db=6", Doubling(), "noise_gate"]}, ["Gain", "Doubling", "NoiseGate"]),
        (LOUD, {"processors": ["gain"]}, [(True, "low", False), "Gain"]),
    ],
)
def test_what_the_chain_consists_of(info: StreamInfo, options: dict[str, Any], expected: list[object]) -> None:
    assert made(info, **options) == expected


@pytest.mark.usefixtures("library")
def test_the_configuration_holds_where_the_options_say_nothing() -> None:
    table = {"echo": "off", "noise_suppression": "high", "agc": True, "processors": ["gain", "noise_gate"]}
    configured = check_config({"processing": table}, Source(Path("config.toml"))).processing
    assert made(LOUD, configured) == [(False, "high", True), "Gain", "NoiseGate"]
    over = {"echo": "auto", "noise_suppression": "off", "agc": False, "processors": ["noise_gate"]}
    assert made(LOUD, configured, **over) == [(True, "off", False), "NoiseGate"]


@pytest.mark.usefixtures("no_library")
@pytest.mark.parametrize(
    ("info", "options", "expected", "told"),
    [
        (LOUD, {}, ["HalfDuplex"], "microphone is silent while the agent speaks"),
        (WORN, {"echo": "on"}, ["HalfDuplex"], "microphone is silent while the agent speaks"),
        (WORN, {"noise_suppression": "low"}, [], "no noise suppression"),
        (WORN, {}, [], None),
        (WORN, {"processors": ["gain"]}, ["Gain"], None),
        (FILES, {}, [], None),
        (LOUD, {"echo": "half-duplex"}, ["HalfDuplex"], None),
    ],
)
def test_without_the_library_the_microphone_rests_and_that_is_told_once(
    info: StreamInfo, options: dict[str, Any], expected: list[str], told: str | None
) -> None:
    processing, said = Processing(SessionOptions(**options), ProcessingOptions()), list[str]()
    for _ in range(2):
        assert [type(one).__name__ for one in processing.processors(info, said.append)] == expected
    assert len(said) == (told is not None)
    assert all(str(told) in sentence and "pywebrtc_audio" in sentence for sentence in said)


@pytest.mark.parametrize("where", ["options", "configuration"])
@pytest.mark.parametrize(("text", "says"), [("gian", "'gian'"), ("gain:db=3", "'db'"), ("gain:gain_db=x", "'x'")])
def test_a_processor_is_checked_before_anything_is_opened(where: str, text: str, says: str) -> None:
    config = Config(processing=ProcessingOptions(processors=(text,) if where == "configuration" else None))
    options = SessionOptions(provider="local", config=config, processors=[text] if where == "options" else ())
    with pytest.raises(InvalidInputError, match=says):
        SessionPlan(options)


def test_a_processor_of_the_program_keeps_what_it_has_learnt() -> None:
    one = Doubling()
    processing = Processing(SessionOptions(processors=[one, "gain"]), ProcessingOptions())
    first, second = processing.processors(FILES), processing.processors(FILES)
    assert first[0] is second[0] is one
    assert first[1] is second[1]
    assert np.array_equal(first[0].process(np.ones(480, np.float32), np.zeros(480, np.float32)), np.full(480, 2.0))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"echo": "loud"}, r"`echo=` cannot be 'loud'. Choose one of: auto, on, off, half-duplex"),
        ({"noise_suppression": "some"}, r"`noise_suppression=` .*off, low, medium, high"),
        ({"echo": True}, "`echo=`"),
        ({"agc": "yes"}, "`agc=`"),
        ({"processors": "gain"}, "`processors=` .*Give a list"),
        ({"processors": [7]}, "`processors=` .*`process`"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        Session(provider="local", config=Config(), **options)


def test_an_error_on_processors_names_the_option_of_the_command_line() -> None:
    assert on_command_line("Leave it out of `processors=`.") == "Leave it out of --processor."


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, ()), ({"echo": "half-duplex", "processors": [Doubling()]}, ("HalfDuplex", "Doubling"))],
)
def test_a_session_runs_what_its_options_come_to(options: dict[str, Any], expected: tuple[str, ...]) -> None:
    async def main() -> tuple[str, ...]:
        with ServerDouble([*BEGUN, ANSWER]) as server:
            return (await session_with(server, duration=3, **options).run()).processing.processors

    assert run_virtual(main(), at_most_s=60) == expected
