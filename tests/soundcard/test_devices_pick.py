"""`voice devices pick` on a terminal and the virtual card: keys, level, tone, what is saved, and how it ends."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.config import load_config
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is a thing of Unix", allow_module_level=True)

from tests.support.terminal import Terminal

pytestmark = pytest.mark.soundcard

DOWN = "\x1b[B"
BY_HAND = '# by hand\n[keys]\nopenai_api_key = "sk-1" # mine\n'
RATE_HZ = 48000
COMMAND = [VOICE, "devices", "pick"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration that the person has written."""
    path = tmp_path / "config.toml"
    path.write_text(BY_HAND)
    path.chmod(0o600)
    return path


def environment(card: SoundCard, config: Path) -> dict[str, str]:
    """Of the command."""
    return {**card.environment, "VOICE_CONFIG": str(config)}


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_a_microphone_is_seen_a_speaker_is_heard_and_both_are_kept(
    soundcard: SoundCard, config: Path, backend: str
) -> None:
    noise = (np.random.default_rng(1).uniform(-1, 1, 60 * RATE_HZ) * 8000).astype(np.int16)
    playing = soundcard.play_to_microphone(noise, RATE_HZ)
    try:
        with (
            soundcard.record_speaker() as recording,
            Terminal([*COMMAND, "--backend", backend], environment(soundcard, config)) as terminal,
        ):
            number = terminal.wait_for(r"(\d+)  vmic, ALSA")[1]
            terminal.press(number)
            terminal.wait_for(rf"> +{number}  vmic, ALSA")
            # 8000 of 32768 is -12 dB.
            terminal.wait_for(r"━\S* +-1[123] dB")
            assert not recording.samples().any()
            terminal.press("\r")
            terminal.wait_for("Speaker: a tone sounds")
            number = terminal.wait_for(r"(\d+)  vspk, ALSA")[1]
            terminal.press(number)
            terminal.wait_for(rf"> +{number}  vspk, ALSA")
            began_s = recording.seconds
            recording.wait_for(began_s + 2.0)
            terminal.press("\r")
            assert terminal.wait() == 0
            assert "Microphone: vmic, ALSA." in terminal.shown
            assert terminal.is_as_before
        heard = recording.samples()[round((began_s + 0.5) * RATE_HZ) :]
    finally:
        playing.terminate()
        playing.wait()
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) * RATE_HZ / heard.size == pytest.approx(440, abs=3)
    audio = load_config({"VOICE_CONFIG": str(config)}).audio
    assert (audio.backend, audio.input, audio.output) == (backend, "vmic, ALSA", "vspk, ALSA")
    assert config.read_text().startswith(BY_HAND)
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_arrows_move_and_the_default_stays_the_default(soundcard: SoundCard, config: Path) -> None:
    with Terminal(COMMAND, environment(soundcard, config)) as terminal:
        terminal.wait_for("> +the system's default")
        terminal.press(DOWN)
        terminal.wait_for(r"> +\d+  \w+, ALSA")
        terminal.press("\x1b[A")
        terminal.wait_for("> +the system's default")
        terminal.press("\r")
        terminal.wait_for("Speaker: a tone sounds")
        terminal.press("\r")
        assert terminal.wait() == 0
    audio = load_config({"VOICE_CONFIG": str(config)}).audio
    assert (audio.backend, audio.input, audio.output) == (None, "default", "default")


SLOW_TO_COMPILE = """
import select
import cli.kernels

def compile_until_a_key_is_pressed():
    print("Compiling", flush=True)
    select.select([0], [], [])

cli.kernels.prepare_kernels = compile_until_a_key_is_pressed
from cli.main import main
main()
"""


def test_what_is_pressed_before_there_is_a_list_is_not_echoed_and_does_nothing(
    soundcard: SoundCard, config: Path
) -> None:
    command = [sys.executable, "-c", SLOW_TO_COMPILE, "devices", "pick"]
    with Terminal(command, environment(soundcard, config)) as terminal:
        terminal.wait_for("Compiling")
        terminal.press(f"{DOWN}\r")
        shown = terminal.wait_for(r"(?s)(.*)> +the system's default.*( dB|no sound)")[0]
        assert "Microphone:" in shown
        assert "^[" not in shown
        terminal.press("q")
        assert terminal.wait() == 1
        assert "Speaker:" not in terminal.shown
        assert terminal.is_as_before
    assert config.read_text() == BY_HAND


def test_a_device_that_cannot_be_opened_is_said_to_be_so_and_not_taken(soundcard: SoundCard, config: Path) -> None:
    with Terminal(COMMAND, environment(soundcard, config)) as terminal:
        # ALSA's plugin lists the speaker among the microphones; the sound server has none of that name.
        number = terminal.wait_for(r"(\d+)  vspk, ALSA")[1]
        terminal.press(f"{number}\r")
        terminal.wait_for("vspk, ALSA cannot be opened")
        terminal.wait_for("Not taken: vspk, ALSA cannot be opened")
        terminal.wait_for("another device")
        terminal.press("q")
        assert terminal.wait() == 1
    assert config.read_text() == BY_HAND


def test_a_configuration_that_is_named_and_not_there_yet_is_made(soundcard: SoundCard, tmp_path: Path) -> None:
    config = tmp_path / "new" / "folder" / "voice.toml"
    with Terminal(COMMAND, environment(soundcard, config)) as terminal:
        terminal.wait_for("> +the system's default")
        terminal.press("\r")
        terminal.wait_for("Speaker: a tone sounds")
        assert not config.parent.exists()
        terminal.press("\r")
        assert terminal.wait() == 0, terminal.shown
    audio = load_config({"VOICE_CONFIG": str(config)}).audio
    assert (audio.input, audio.output) == ("default", "default")
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


@pytest.mark.parametrize(("keys", "code"), [("q", 1), ("\x1b", 1), ("\x03", 130)], ids=["q", "escape", "Ctrl+C"])
def test_leaving_changes_nothing(soundcard: SoundCard, config: Path, keys: str, code: int) -> None:
    with Terminal(COMMAND, environment(soundcard, config)) as terminal:
        terminal.wait_for("microphone .* dB|no sound")
        terminal.press(keys)
        assert terminal.wait() == code
        assert "Nothing was changed." in terminal.shown
        assert "Traceback" not in terminal.shown
        assert terminal.is_as_before
    assert config.read_text() == BY_HAND


def test_without_a_terminal_it_says_what_to_do_instead(soundcard: SoundCard, config: Path) -> None:
    run = subprocess.run(
        COMMAND,
        env=environment(soundcard, config),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "needs a terminal" in run.stderr
    assert str(config) in run.stderr
