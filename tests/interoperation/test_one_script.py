"""One script file, played to `voice run` by `voice serve` and to a session in virtual time by the double."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import soundfile

from engine.local.answering.sounds import SoundMaker
from engine.realtime.session_events import AgentText, ToolReturned
from engine.realtime.tools.tool import tool_of
from engine.script.reading import read_script
from tests.realtime.virtual_rig import hold
from tests.support.serving import serving
from tests.support.voice_process import VoiceProcess

SCRIPT = """
steps = [
  { expect = "session.update", having = { session = { type = "realtime" } } },
  { emit = "session.created", session = { id = "sess_1" } },
  { emit = "session.updated", session = {} },
  { hear = 0.3 },
  { call = "get_weather", arguments = { city = "Paris" }, call_id = "call_7" },
  { expect = "conversation.item.create", having = { item = { call_id = "call_7" } }, save = { said = "item.output" } },
  { expect = "response.create" },
  { answer = "The tool says ${said}", sound = { tone_hz = 440, seconds = 1 } },
]
"""


def get_weather(city: str) -> dict[str, str]:
    """Return the weather of a city."""
    return {"city": city, "weather": "rain"}


async def test_voice_serve_plays_a_file_to_voice_run(tmp_path: Path) -> None:
    path = tmp_path / "weather.toml"
    path.write_text(SCRIPT)
    soundfile.write(tmp_path / "in.wav", np.zeros(32000), 16000)
    async with serving("--script", str(path)) as server:
        files = ("--input-file", str(tmp_path / "in.wav"), "--output-file", str(tmp_path / "out.wav"))
        environment = {**os.environ, "VOICE_CONFIG": ""}
        with VoiceProcess("--backend", "virtual", "--url", server.url, *files, environment=environment) as voice:
            assert await asyncio.to_thread(voice.wait) == 0
        assert await server.ended() == (0, "")
    assert voice.of("text.agent")[0]["text"].startswith("The tool says {")
    assert voice.of("tool.call")[0]["arguments"] == {"city": "Paris"}


def test_the_double_plays_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weather.toml"
    path.write_text(SCRIPT)
    (part,) = read_script(path, SoundMaker(tmp_path).make).connections
    held = hold(part.steps, tools=[tool_of(get_weather)], duration_s=5.0)
    assert held.of(ToolReturned)
    (text,) = held.of(AgentText)
    assert text.text == 'The tool says {"city": "Paris", "weather": "rain"}'
