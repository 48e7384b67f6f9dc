"""`voice sessions` lists, shows, plays, exports and deletes what was kept, also where files or texts are hostile."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from cli.app import app as voice
from cli.commands.sessions import app
from cli.language.spoken import speak
from cli.sessions import playing
from engine.api import port
from engine.api.port import OpenPort
from engine.api.sound import Sound
from engine.errors import InvalidInputError
from tests.cli.test_foreign_text import HOSTILE, is_clean
from tests.support.kept import QUESTION, hold, script
from tests.support.voice_process import VOICE

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two conversations, the newer of them in words alone."""
    folder = tmp_path_factory.mktemp("kept")
    hold(folder / "20261130-101500")
    hold(folder / "20261201-101500", record_sound=False)
    os.utime(folder / "20261130-101500" / "session.jsonl", (1, 1))
    return folder


@pytest.fixture
def kept(recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them in the folder that the configuration names."""
    folder = tmp_path / "talks"
    shutil.copytree(recordings, folder)
    config = tmp_path / "config.toml"
    config.write_text(f'[recording]\nfolder = "{folder}"\n', encoding="utf-8")
    monkeypatch.setenv("VOICE_CONFIG", str(config))
    return folder


@pytest.fixture
def far_east() -> Iterator[None]:
    """Clocks ten hours ahead of UTC."""
    if sys.platform == "win32":
        pytest.skip("the zone cannot be changed while a program runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Vladivostok")
        time.tzset()
        yield
    time.tzset()


def run(*arguments: str) -> Result:
    """Call the command; what is wrong is raised."""
    result = CliRunner().invoke(app, [*arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def lines_of(text: str) -> list[str]:
    """Lines without the spaces of a table."""
    return [re.sub(" +", " ", line).strip() for line in text.splitlines()]


def test_they_are_listed_as_a_table_and_as_json(kept: Path) -> None:
    heading, _, newer, older = lines_of(run().stdout)
    assert heading == "session length turns agent cost sound begins with"
    assert older == f"20261130-101500 0:10 3 custom yes {QUESTION}"
    assert newer == f"20261201-101500 0:10 3 custom no {QUESTION}"
    second, first = json.loads(run("--json").stdout)
    assert (first["id"], first["turns"], first["sound"], second["sound"]) == ("20261130-101500", 3, True, False)
    assert first["path"] == str(kept / first["id"])
    shutil.rmtree(kept)
    assert json.loads(run("--json").stdout) == []
    assert 'keep = "always"' in run().stderr


@pytest.mark.usefixtures("kept", "far_east")
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process is a thing of Unix")
def test_one_is_shown_by_a_beginning_of_its_name() -> None:
    head, *lines = run("show", "20261130").stdout.splitlines()
    first = json.loads(run("--json").stdout)[0]["began"]
    here = datetime.fromisoformat(first).astimezone(timezone(timedelta(hours=10)))
    assert datetime.fromisoformat(first).tzinfo, "JSON has the offset"
    assert re.match(rf"20261130-101500, {here:%Y-%m-%d %H:%M}, custom", head), "in local time"
    assert lines == [
        f"0:00 You {QUESTION}",
        "0:00 Tool multiply(a=7, b=8) returned: 56",
        "0:00 Agent Seven times eight is 56.",
        "0:03 You Tell me a story.",
        "0:04 Agent Once upon a time there [not heard: was a clockmaker by the sea.]",
        "0:05 You Stop.",
    ]
    assert "20261201-101500" in run("show").stdout
    with pytest.raises(InvalidInputError, match="2 saved conversations begin with"):
        run("show", "2026")


def test_it_is_written_in_the_formats_of_others(kept: Path, tmp_path: Path) -> None:
    assert run("export", "20261130", "--format", "srt").stdout.split("\n\n")[1].splitlines() == [
        "2",
        "00:00:00,520 --> 00:00:02,500",
        "Agent: Seven times eight is 56.",
    ]
    vtt = run("export", "20261130", "--format", "vtt").stdout.split("\n\n")
    assert vtt[0] == "WEBVTT"
    assert vtt[4].splitlines()[1] == "<v Agent>Once upon a time there"
    heard = json.loads(run("export", "20261130", "--format", "json").stdout)["turns"][4]["heard_ms"]
    assert vtt[4].startswith(f"00:00:04.020 --> 00:00:05.{20 + heard - 1000:03}"), "it ends where it was cut"
    assert "~~was a clockmaker by the sea.~~" in run("export", "20261130").stdout
    written = json.loads(run("export", "20261130", "--format", "json").stdout)
    assert [turn["speaker"] for turn in written["turns"]] == ["user", "tool", "agent", "user", "agent", "user"]
    assert written["summary"]["reason"] == "duration"
    sound = run("export", "20261130", "--format", "wav").stdout_bytes
    assert sound == (kept / "20261130-101500" / "heard.wav").read_bytes()
    target = tmp_path / "talk.wav"
    target.write_bytes(b"x" * 2_000_000)
    run("export", "20261130", "--format", "wav", "--output", str(target))
    run("export", "20261130", "--output", str(target.with_suffix(".srt")))
    assert target.with_suffix(".srt").read_text(encoding="utf-8").startswith("1\n00:00:")
    assert target.read_bytes() == sound
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert soundfile.read(io.BytesIO(sound))[0].shape[1] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "--format", "pdf"), "no format 'pdf'"),
        (("export", "--format", "wav"), "No sound was saved for 20261201-101500"),
        (("play",), "No sound was saved"),
        (("export", "--output", "/dev/full"), "No space left"),
        (("export", "--output", "/nonexistent/file"), "cannot be written: No such file"),
        (("delete", "last"), "There is no terminal to ask"),
        (("delete", "20261130", "nothing", "--yes"), "is called 'nothing'"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(kept: Path, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        run(*arguments)
    assert len(list(kept.iterdir())) == 2


def test_the_named_ones_are_deleted_and_no_other(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.presence.has_keyboard", lambda: True)
    assert CliRunner().invoke(app, ["delete", "last"], input="n\n").exit_code == 1
    assert len(list(kept.iterdir())) == 2
    run("delete", "20261130", "20261130-101500", "--yes")
    assert [path.name for path in kept.iterdir()] == ["20261201-101500"]
    assert CliRunner().invoke(app, ["delete", "last"], input="y\n").exit_code == 0
    assert list(kept.iterdir()) == []


def test_a_question_that_is_declined_ends_in_the_language_of_the_person(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.terminal.presence.has_keyboard", lambda: True)
    monkeypatch.setenv("VOICE_LANG", "ru")
    speak("ru")
    try:
        result = CliRunner().invoke(voice, ["sessions", "delete", "last"], input="n\n")
    finally:
        speak("en")
    assert (result.exit_code, len(list(kept.iterdir()))) == (1, 2)
    assert result.stderr.endswith("Прервано.\n")


def test_its_sound_is_played_through_a_backend(kept: Path) -> None:
    sound = kept / "20261130-101500" / "heard.wav"
    soundfile.write(sound, soundfile.read(sound)[0][:12000], 24000)
    assert "Playing 20261130-101500" in run("play", "20261130", "--backend", "virtual").stderr
    sound.write_bytes(b"RIFF?")
    with pytest.raises(InvalidInputError, match="is not a sound file"):
        run("play", "20261130", "--backend", "virtual")


def test_a_long_sound_waits_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "_PIECE_S", 0.05)
    monkeypatch.setattr(playing, "_AHEAD_S", 0.01)
    waiting_s: list[float] = []

    class Port(OpenPort):
        def play(self, sound: Sound, rate_hz: int | None = None) -> None:
            assert self.info.output is not None
            waiting_s.append(0.05 * len(waiting_s) - self.stats.played_position / self.info.output.rate_hz)
            super().play(sound, rate_hz)

    monkeypatch.setattr(port, "OpenPort", Port)
    soundfile.write(tmp_path / "long.wav", np.full(24000, 0.1, np.float32), 24000)
    playing.play_sound(tmp_path / "long.wav", None, "virtual")
    assert len(waiting_s) == 20
    assert max(waiting_s) <= 0.01


def test_a_damaged_one_is_skipped_or_shown_as_far_as_it_is_whole(kept: Path) -> None:
    (kept / "20261130-101500" / "session.jsonl").write_bytes(b"\x00" * 64)
    with (kept / "20261201-101500" / "session.jsonl").open("ab") as file:
        file.write(b'\x00\x00\n{"n": 1, "t": 1, "to')
    environment = {**os.environ, "COLUMNS": "200"}
    listed = subprocess.run([VOICE, "sessions"], env=environment, capture_output=True, text=True, check=True)
    assert "20261201-101500" in listed.stdout
    assert "Skipped: " in listed.stderr
    for command in (("show",), ("export",)):
        shown = subprocess.run(
            [VOICE, "sessions", *command], env=environment, capture_output=True, text=True, check=False
        )
        assert shown.returncode == 2
        assert QUESTION in shown.stdout
        assert "is damaged: 1 line" in shown.stderr
    with pytest.raises(InvalidInputError, match="holds no recording"):
        run("show", "20261130")


@pytest.mark.parametrize("wanted", ["srt", "vtt", "md", "json", "show"])
def test_texts_of_others_steer_nothing(kept: Path, wanted: str) -> None:
    text = f"{HOSTILE} 1\n\n2\n00:00:00,000 --> 00:00:09,000\n<v You><b>*x* [y](z) & </v>"
    hold(kept / "20261202-101500", *script(text, text))
    output = run("show").stdout if wanted == "show" else run("export", "--format", wanted).stdout
    assert is_clean(output, keeps_invisible=True)
    if wanted in ("srt", "vtt"):
        assert output.count("-->") == 5
    if wanted in ("vtt", "md"):
        assert "<b>" not in output.replace("\\<b\\>", "")


def test_a_list_and_its_json_hold_hostile_names_apart(kept: Path) -> None:
    shutil.move(kept / "20261130-101500", kept / "2\x1b[2J\nname")
    assert is_clean(run().stdout)
    names: list[dict[str, Any]] = json.loads(run("--json").stdout)
    assert names[-1]["id"] == "2\x1b[2J\nname"
