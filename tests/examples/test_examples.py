"""The programs of `examples` and of README: short, whole, and run as they stand, with files in place of devices."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from examples import agent_with_tools, meter, own_backend, talk
from tests.cli.run.test_virtual import question

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The built-in agent, files for devices, and no configuration of the machine's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("VOICE_BACKEND", "virtual")
    return {"provider": "local", "duration": 30}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_fewer_than_forty_lines_and_uses_the_door_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line.strip()]) < 40
    assert set(re.findall(r"^(?:from|import) (engine\S*)", text, re.MULTILINE)) == {"engine"}


async def test_talk(options: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoken = question(tmp_path / "in.wav", "what is seven times eight")
    summary = await talk.talk(input_file=spoken, output_file=tmp_path / "out.wav", **options)
    assert summary is not None
    assert summary.reason == "the input has ended"
    assert "Agent: Seven times eight is 56." in capsys.readouterr().out
    heard, _ = soundfile.read(tmp_path / "out.wav")
    assert np.abs(heard).max() > 0.1


async def test_agent_with_tools(options: dict[str, Any]) -> None:
    answer = await agent_with_tools.ask("What is the weather in Moscow?", **options)
    assert "12" in answer


async def test_meter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
    soundfile.write(tmp_path / "tone.wav", tone, 44100)
    recorded = await meter.capture(0.5, input_file=tmp_path / "tone.wav")
    assert recorded.size == pytest.approx(0.6 * 16000, abs=1600)
    said = capsys.readouterr().out
    assert re.search(r"-6\.\d dBFS #{48,52}\n", said)
    assert "0 frames were lost" in said


async def test_own_backend(options: dict[str, Any]) -> None:
    spoken_s = await own_backend.speak("What is seven times eight?", **options)
    assert 1 < spoken_s < 4


def test_the_smallest_program_of_the_readme_is_three_lines_beside_its_imports() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## In your own program\n")[2]
    program = section.partition("```python\n")[2].partition("```")[0]
    lines = [line for line in program.splitlines() if line and not line.startswith("import ")]
    assert len(lines) == 3
    offline = program.replace("voice.Session(", 'voice.Session(duration=0.5, provider="local", ')
    run = subprocess.run([sys.executable, "-c", offline], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (0, "0 turns, duration\n"), run.stderr
