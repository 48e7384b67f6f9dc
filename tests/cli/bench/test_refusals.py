"""Refusals of `voice bench`: with the fix, before anything is measured; so the machine may be busy."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cli.errors import EXIT_CODES
from engine.errors import UnknownDeviceError
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE


def _bench(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VOICE, "bench", *arguments], capture_output=True, text=True, env=env, check=False)


def test_a_file_of_another_form_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"schema": "other/1"}', encoding="utf-8")
    run = _bench("dsp", "--compare", str(other))
    assert run.returncode == 2
    assert "voice-bench/1" in run.stderr
    assert "float32_to_pcm16" not in run.stderr


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    run = _bench("speed")
    assert run.returncode == 2
    assert "There is no benchmark 'speed'." in run.stderr
    assert "resample" in run.stderr


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    run = _bench("dsp", "--quick", "--json", str(tmp_path / "no such folder" / "figures.json"))
    assert run.returncode == 2
    assert "cannot be written" in run.stderr
    assert "float32_to_pcm16" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--html", "no such folder/page.html"), "The page cannot be written to no such folder/page.html: "),
        (("--json", "a", "--html", "./a"), "--json and --html both name a. "),
        (("--save",), "The run cannot be saved in "),
        (("--compare", "nope"), "There is no file and no run 'nope' to compare with. `voice bench history` lists"),
        (("history",), "`history` stands alone: it runs no benchmark. Run `voice bench history`."),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_fix_before_anything_is_measured(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    (data := tmp_path / "data").write_text("a file in place of the folder", encoding="utf-8")
    env = {**os.environ, "HOME": str(data), "XDG_DATA_HOME": str(data)}
    run = subprocess.run(
        [VOICE, "bench", "dsp", "--quick", *arguments],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
        check=False,
    )
    assert run.returncode == 2
    assert words in " ".join(run.stderr.split())
    assert "float32_to_pcm16" not in run.stderr
    assert list(tmp_path.iterdir()) == [data]


def test_where_nothing_was_measured_nothing_is_written_and_the_exit_code_says_why(
    soundcard: SoundCard, tmp_path: Path
) -> None:
    files = ("--json", str(tmp_path / "figures.json"), "--html", str(tmp_path / "page.html"), "--save")
    env = {**soundcard.environment, "XDG_DATA_HOME": str(tmp_path / "data")}
    run = _bench("latency", "--quick", "--input", "no such microphone", *files, env=env)
    assert run.returncode == EXIT_CODES[UnknownDeviceError]
    assert "nothing was saved or written" in run.stderr
    assert run.stderr.splitlines()[-2].startswith("voice: No input device matches 'no such microphone'.")
    assert list(tmp_path.iterdir()) == []
