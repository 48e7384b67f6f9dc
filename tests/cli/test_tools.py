"""`voice tools`, and a conversation that the user ends by saying goodbye."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.cli.run.test_virtual import environment, question
from tests.realtime.tools.test_tool import install_plugins
from tests.support.voice_process import VOICE, VoiceProcess

__all__ = ["environment"]


def voice_tools(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `voice tools`."""
    return subprocess.run(
        [VOICE, "tools", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_tool_is_called_from_the_shell_as_in_a_conversation(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "shell_tools.py").write_text(
        "def dial(number: str, rings: int = 3, loud: bool | None = None) -> list:\n    'Call.'\n"
        "    print('dialling', number)\n    return [number, rings, loud]\n"
        "def leave() -> None:\n    'End.'\n    import os\n    os._exit(3)\n"
        "TOOLS = [dial, leave]\n"
    )
    for arguments, code, output, logged in (
        (["dial", "number=112", "rings=5", "loud=true"], 0, '["112", 5, true]', "INFO tools: dialling 112"),
        (["dial", "number=112", "rings=x"], 1, "Wrong arguments: rings", ""),
        (["leave"], 1, "ended during this call (exit code 3)", "The next call starts another"),
        (["nobody"], 2, "", "There is no tool 'nobody'"),
        (["dial", "number"], 2, "", "Write KEY=VALUE"),
        (["dial", "rings=5"], 2, "", "The tool 'dial' lacks number"),
        (["get_weather"], 2, "", "Write city=VALUE after its name"),
        (["get_weather", "city=Paris"], 0, '"note": "This weather is invented."', ""),
    ):
        called = subprocess.run(
            [VOICE, "tools", "call", *arguments, "--tools", "shell_tools:TOOLS"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert called.returncode == code, called.stderr
        assert output in called.stdout
        assert logged in called.stderr


def test_tools_are_listed_and_a_broken_plugin_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    install_plugins(
        tmp_path,
        {"lamps": "lamps_listed:lamp_on", "broken": "lamps_listed:nothing"},
        {"lamps_listed": "def lamp_on(room: str) -> str:\n    'Light a room.'\n    return room\n"},
    )
    config = tmp_path / "config.toml"
    config.write_text('[tools]\nenabled = ["lamps", "lamps_listed:lamp_on", "lights"]\ndisabled = ["get_time"]\n')
    environment = {**environment, "PYTHONPATH": str(tmp_path), "VOICE_CONFIG": str(config)}
    listed = voice_tools(environment, "--json")
    assert listed.returncode == 0, listed.stderr
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    assert {name: row["offered"] for name, row in rows.items()} == {
        "get_weather": True,
        "get_time": False,
        "end_conversation": True,
        "lamps": True,
        "broken": False,
        "lamps_listed:lamp_on": True,
        "lights": False,
    }
    assert "no tools called" in rows["lights"]["reason"]
    assert rows["lamps"]["tool"] == "lamp_on"
    assert "nothing" in rows["broken"]["reason"]
    shown = voice_tools(environment).stdout
    assert "* lamps" in shown
    assert "does not work" in shown


def test_saying_goodbye_ends_the_conversation_after_the_agents_own(tmp_path: Path, environment: dict[str, str]) -> None:
    spoken = question(tmp_path / "in.wav", "goodbye")
    files = ("--input-file", str(spoken), "--output-file", os.devnull)
    with VoiceProcess("--backend", "virtual", "--provider", "local", *files[:2], environment=environment) as voice:
        assert voice.wait() == 0
    assert [call["name"] for call in voice.of("tool.call")] == ["end_conversation"]
    assert [text["text"] for text in voice.of("text.agent")] == ["Goodbye!"]
    assert "end_conversation returned" not in voice.shown  # it tells the model what to do
    assert voice.events[-1]["reason"] == "the agent ended the conversation"
