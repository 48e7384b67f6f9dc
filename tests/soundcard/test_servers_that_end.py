"""PipeWire and JACK that end, hang or lead elsewhere in mid conversation: the process goes on, or ends in order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import started_card
from tests.support.broken_stories import SLACK_S, assert_goes_on, conversation, end_s, listen, place_s, story_of
from tests.support.conversations import ask
from tests.support.jack_card import JackCard
from tests.support.other_cards import other_card
from tests.support.pipewire_card import PipewireCard
from tests.support.voice_process import VOICE, VoiceProcess

if sys.platform == "win32":
    pytest.skip("these servers are no things of Windows", allow_module_level=True)

from tests.support.terminal import Terminal

pytestmark = pytest.mark.soundcard

BACKENDS = ["sounddevice", "pyaudio"]
PYAUDIO_IS_LONG = ["sounddevice", pytest.param("pyaudio", marks=pytest.mark.long)]
OPENS_AND_STARTS = """
import sys
from engine.audio.device.open_stream import OpenStream
from engine.audio.device.registry import load_backend
from engine.audio.port.audio_port import AudioPort
from engine.audio.types import StreamRequest

stream = OpenStream(load_backend(sys.argv[1]), AudioPort(), StreamRequest())
input("open")
stream.start()
"""
NO_OTHER = "a process that had joined it can join no other"


@pytest.fixture
def jack() -> Iterator[JackCard]:
    """A JACK server for one test."""
    with other_card("JACK") as card:
        assert isinstance(card, JackCard)
        yield card


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.long)], ids=["alone", "with its JACK"])
def pipewire(request: pytest.FixtureRequest) -> Iterator[PipewireCard]:
    """A PipeWire for one test, which clients of JACK meet too or not."""
    with other_card("PipeWire", jack=request.param) as card:
        assert isinstance(card, PipewireCard)
        yield card


def assert_ended_in_order(voice: VoiceProcess) -> None:
    """Nothing but the summary ends it, and the loss of the device is told."""
    summary = voice.events[-1]
    assert (summary["type"], summary["devices_lost"]) == ("summary", 1)
    assert "Traceback" not in voice.shown
    assert "Assertion" not in voice.shown


@pytest.mark.parametrize("backend", PYAUDIO_IS_LONG)
def test_jack_ends_and_ctrl_c_ends_the_conversation_in_order(jack: JackCard, backend: str) -> None:
    with conversation(jack, "--backend", backend) as (_, voice):
        jack.end_server()
        voice.wait_for("device.lost", 2)
        assert voice.interrupt() == 0
    assert_ended_in_order(voice)


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_jack_started_anew_ends_the_conversation_with_a_sentence(jack: JackCard, backend: str) -> None:
    """PortAudio can neither leave the server that is gone nor join another without aborting the process."""
    with conversation(jack, "--backend", backend) as (_, voice):
        jack.end_server()
        voice.wait_for("device.lost")
        jack.start()
        assert voice.wait() == 9
    assert_ended_in_order(voice)
    assert NO_OTHER in voice.shown


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("returns", [False, True])
def test_jack_hangs_and_ends_or_returns(jack: JackCard, backend: str, returns: bool) -> None:
    with conversation(jack, "--backend", backend) as (_, voice):
        os.kill(jack.server, signal.SIGSTOP)
        voice.wait_for("device.lost")
        if returns:
            os.kill(jack.server, signal.SIGCONT)
            voice.wait_for("device.found")
        else:
            os.kill(jack.server, signal.SIGKILL)
            voice.wait_for("device.lost", 2)
        assert voice.interrupt() == 0
    assert_ended_in_order(voice)


@pytest.mark.long
def test_jack_ends_and_the_watch_of_devices_tells_it_and_goes_on(jack: JackCard) -> None:
    with Terminal([VOICE, "devices", "watch"], jack.environment) as terminal:
        terminal.wait_for("Watching 2 devices")
        jack.end_server()
        terminal.wait_for(r"left +system, JACK[\s\S]+left +loopback, JACK[\s\S]+output: none")
        terminal.signal(signal.SIGINT)
        assert terminal.wait() == 0, terminal.shown
    assert "Assertion" not in terminal.shown


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_jack_ends_and_the_test_of_devices_ends_with_a_sentence(jack: JackCard, backend: str) -> None:
    with Terminal([VOICE, "devices", "test", "--backend", backend], jack.environment) as terminal:
        terminal.wait_for("the quiet room")
        jack.end_server()
        terminal.wait_for("voice: The microphone delivers no sound at all")
        assert terminal.wait() == 9, terminal.shown
    assert "Assertion" not in terminal.shown


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_jack_ends_between_the_opening_of_a_stream_and_its_start_which_is_refused(jack: JackCard, backend: str) -> None:
    with Terminal([sys.executable, "-c", OPENS_AND_STARTS, backend], jack.environment) as terminal:
        terminal.wait_for("open")
        jack.end_server()
        terminal.press("\r")
        terminal.wait_for(NO_OTHER)
        assert terminal.wait() == 1
    assert "Assertion" not in terminal.shown


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_jack_hangs_while_a_stream_is_started_and_ctrl_c_ends_it(jack: JackCard, backend: str) -> None:
    with Terminal([sys.executable, "-c", OPENS_AND_STARTS, backend], jack.environment) as terminal:
        terminal.wait_for("open")
        os.kill(jack.server, signal.SIGSTOP)
        terminal.press("\r")
        terminal.wait_for("has not answered for 3 s")
        terminal.signal(signal.SIGINT)
        assert terminal.wait() == -signal.SIGINT
        os.kill(jack.server, signal.SIGCONT)
    assert "Assertion" not in terminal.shown


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_jack_ends_beside_a_conversation_on_pulseaudio_which_is_restarted_then(backend: str) -> None:
    with started_card() as card, other_card("JACK", beside=card) as jack:
        assert isinstance(jack, JackCard)
        with VoiceProcess("--provider", "local", "--backend", backend, environment=jack.environment) as voice:
            voice.wait_for("session")
            jack.end_server()
            card.end_server()
            voice.wait_for("device.lost", 2)
            card.start()
            voice.wait_for("device.found")
            assert voice.interrupt() == 0
        assert_ended_in_order(voice)


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_jack_hangs_beside_a_conversation_on_pulseaudio_and_ctrl_c_ends_it(backend: str) -> None:
    with started_card() as card, other_card("JACK", beside=card) as jack:
        with VoiceProcess("--provider", "local", "--backend", backend, environment=jack.environment) as voice:
            voice.wait_for("session")
            os.kill(jack.server, signal.SIGSTOP)
            try:
                assert voice.interrupt() == 0
            finally:
                os.kill(jack.server, signal.SIGCONT)
        assert voice.events[-1]["type"] == "summary"


@pytest.mark.parametrize("backend", PYAUDIO_IS_LONG)
def test_pipewire_that_dies_and_returns_costs_nothing_of_the_answer(pipewire: PipewireCard, backend: str) -> None:
    card = pipewire
    with conversation(card, "--backend", backend) as (relay, voice):
        with card.record_speaker() as first:
            ask(card, "tell me a story")
            voice.wait_for("audio.start")
            listen(first, 2.0)
            card.end_server()
        voice.wait_for("device.lost", 2)
        card.start()
        with card.record_speaker() as second:
            voice.wait_for("device.found")
            heard = listen(second, 2.0)
            assert voice.interrupt() == 0
        story = story_of(relay, voice)
    assert_goes_on(story, end_s(story, first.samples()), second, heard, voice)
    assert_ended_in_order(voice)
    assert voice.events[-1]["dropped_answer_ms"] == 0


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_pipewires_default_moves_and_the_story_goes_on_there(pipewire: PipewireCard, backend: str) -> None:
    card = pipewire
    card.add_sink("spare")
    with conversation(card, "--backend", backend) as (relay, voice):
        with card.record_speaker("spare") as on_spare, card.record_speaker() as first:
            ask(card, "tell me a story")
            voice.wait_for("audio.start")
            before = listen(first, 2.0)
            card.pactl("set-default-sink", "spare")
            moved = listen(on_spare, 2.0)
        assert voice.interrupt() == 0
        story = story_of(relay, voice)
    # Where it had come to, and not what was recorded in the end: that recorder follows the default too.
    assert place_s(story, moved) == pytest.approx(end_s(story, before), abs=SLACK_S)
    assert voice.events[-1]["devices_lost"] == 0


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_pipewire_hangs_and_returns(pipewire: PipewireCard, backend: str) -> None:
    with conversation(pipewire, "--backend", backend) as (_, voice):
        os.kill(pipewire.server, signal.SIGSTOP)
        voice.wait_for("device.lost")
        os.kill(pipewire.server, signal.SIGCONT)
        voice.wait_for("device.found")
        assert voice.interrupt() == 0
    assert_ended_in_order(voice)
