"""`voice setup`: questions at a terminal, options without one, and a file that stays as it was where it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backends.virtual import VirtualBackend
from engine.audio.device.registry import Chosen
from engine.errors import AccessRefusedError, InvalidInputError, NoDeviceError, UnknownDeviceError
from tests.cli.run.test_virtual import environment
from tests.cli.test_config import path, voice
from tests.support.voice_process import VOICE

__all__ = ["environment", "path"]

RING = """
from pathlib import Path
from keyring.backend import KeyringBackend

class Ring(KeyringBackend):
    priority = 1

    def get_password(self, service, name):
        return None

    def set_password(self, service, name, key):
        Path(__file__).with_name("kept").write_text(f"{service} {name} {key}")
"""
QUESTIONS = ["Key", "Choose the microphone", "Save"]


class Card(VirtualBackend):
    """A backend of devices."""

    name = "card"


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound card with a microphone and a speaker, both called "virtual"."""
    monkeypatch.setattr("cli.devices.selection.open_backend", lambda _: Chosen(Card(), ""))


@pytest.mark.usefixtures("card")
def test_a_device_that_is_not_there_is_refused_with_those_that_are(path: Path) -> None:
    before = path.read_text()
    with pytest.raises(UnknownDeviceError, match="No output device matches 'zzz'") as refused:
        voice("setup", "--provider", "local", "--input", "virtual", "--output", "zzz")
    assert refused.value.fix.startswith("There are: virtual, files. ")
    assert path.read_text() == before


def test_files_are_no_devices_to_set_up(path: Path) -> None:
    before = path.read_text()
    with pytest.raises(NoDeviceError, match="The virtual backend plays files"):
        voice("setup", "--backend", "virtual", "--input", "virtual")
    assert path.read_text() == before


@pytest.mark.usefixtures("card")
def test_options_answer_where_there_is_no_terminal(path: Path, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("sk-of-mine \n")
    voice("setup", "--provider", "openai", "--key-file", str(key_file), "--input", "virtual")
    assert voice("config", "get", "session.provider") == "openai\n"
    assert voice("config", "get", "audio.input") == "virtual\n"
    assert 'openai_api_key = "sk-of-mine"' in path.read_text()
    assert "# for tests" in path.read_text()
    voice("--profile", "kitchen", "setup", "--provider", "custom", "--url", "wss://voice.example", "--key-file", "-",
          given="secret-2\n")  # fmt: skip
    assert voice("config", "get", "session.provider") == "openai\n"
    assert voice("--profile", "kitchen", "config", "get", "session.url") == "wss://voice.example\n"
    assert "* openai" in voice("providers")
    assert "* custom" in voice("--profile", "kitchen", "providers")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "needs a terminal"),
        (("--provider", "opnai"), "no provider 'opnai'"),
        (("--provider", "yandex"), "needs a key"),
        (("--provider", "custom"), "needs an address"),
        (("--provider", "custom", "--url", "http://x"), "not the address"),
        (("--provider", "local", "--key-file", "KEY"), "has no key"),
        (("--provider", "openai", "--key-file", "nothing"), "cannot be read: No such file"),
        (("--provider", "openai", "--key-file", "EMPTY"), "is empty"),
        (("--provider", "openai", "--key-file", "KEY", "--keyring"), "no keyring"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_changes_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], says: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    (tmp_path / "KEY").write_text("sk-1")
    (tmp_path / "EMPTY").touch()
    before = path.read_text()
    with pytest.raises((InvalidInputError, AccessRefusedError), match=says):
        voice("setup", *(str(tmp_path / word) if word.isupper() else word for word in options))
    assert path.read_text() == before


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
@pytest.mark.parametrize(("key", "exit_code"), [("\x03", 130), ("\x04", 1)])
def test_leaving_a_question_changes_nothing(
    tmp_path: Path, environment: dict[str, str], key: str, exit_code: int
) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    file = tmp_path / "new" / "config.toml"
    environment["VOICE_CONFIG"] = str(file)
    with Terminal([VOICE, "setup"], environment) as terminal:
        terminal.wait_for(r"Language / Язык .*\[en\]")
        terminal.press("\r")
        terminal.wait_for(r"Service .*\[local\]")
        terminal.press("yandex\r")
        terminal.wait_for("ID of the folder in Yandex Cloud")
        terminal.press("b1g\r")
        terminal.wait_for("Key: $")
        terminal.answer(key)
        terminal.wait_for("Nothing was changed")
        assert terminal.wait() == exit_code
    assert not file.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
def test_each_question_has_its_default(tmp_path: Path, environment: dict[str, str]) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    file = tmp_path / "new" / "config.toml"
    environment["VOICE_CONFIG"] = str(file)
    for answers in (["opn\r", "openai\r", "sk-hidden-1\r", "n\r", "text\r"], ["\r", "\r", "n\r", "\r"]):
        with Terminal([VOICE, "setup"], environment) as terminal:
            terminal.wait_for("Language")
            terminal.press("en\r")
            for question, answer in zip(["Service"] * (len(answers) - 3) + QUESTIONS, answers, strict=True):
                assert "sk-hidden" not in terminal.wait_for(rf"(?s).*{question}.*: $")[0]
                terminal.press(answer)
            terminal.wait_for("Saved in")
            assert terminal.wait() == 0
    assert file.read_text().count("sk-hidden-1") == 1
    assert 'keep = "text"' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
def test_the_keyring_has_the_key_only_after_the_last_answer(tmp_path: Path, environment: dict[str, str]) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    (tmp_path / "ring_of_test.py").write_text(RING)
    file, kept = tmp_path / "new" / "config.toml", tmp_path / "kept"
    environment |= {"VOICE_CONFIG": str(file), "PYTHONPATH": str(tmp_path)}
    environment["PYTHON_KEYRING_BACKEND"] = "ring_of_test.Ring"
    command = [VOICE, "setup", "--lang", "en", "--provider", "openai"]
    for last, says in (("\x03", "Nothing was changed"), ("text\r", "Saved in")):
        assert not kept.exists()
        with Terminal(command, environment) as terminal:
            for question, answer in zip(QUESTIONS, ["sk-1\r", "n\r", last], strict=True):
                terminal.wait_for(rf"(?s).*{question}.*: $")
                terminal.answer(answer)
            terminal.wait_for(says)
            terminal.wait()
    assert kept.read_text() == "voice openai_api_key sk-1"
    assert "sk-1" not in file.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="a folder in which root can write nothing is a thing of Linux")
def test_the_keyring_stays_as_it_is_where_the_configuration_cannot_be_written(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "ring_of_test.py").write_text(RING)
    (tmp_path / "key").write_text("sk-1")
    environment |= {"VOICE_CONFIG": "/proc/voice/config.toml", "PYTHONPATH": str(tmp_path)}
    environment["PYTHON_KEYRING_BACKEND"] = "ring_of_test.Ring"
    command = [VOICE, "setup", "--provider", "openai", "--key-file", str(tmp_path / "key")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, "cannot be written" in run.stderr) == (2, True), run.stderr
    assert not (tmp_path / "kept").exists()
