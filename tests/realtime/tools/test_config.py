"""Which tools are offered: the provider's, the configuration's, and the command line's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.config import Config, load_config
from engine.config_tables import Offer
from engine.errors import InvalidInputError
from engine.realtime.providers.catalog import CUSTOM, YANDEX
from engine.realtime.tools.offered import offered_tools
from tests.realtime.tools.test_tool import install_plugins

EXAMPLE = """
[tools]
enabled = ["lamps", "broken"]
disabled = ["get_time"]
weather = "open-meteo"
approve = ["calendar"]

[mcp.files]
command = "server"
args = ["--token", "${FILES_TOKEN}"]
env = { TOKEN = "${FILES_TOKEN}" }

[mcp.search]
url = "http://127.0.0.1:1/mcp"
headers = { Authorization = "Bearer ${FILES_TOKEN}" }

[remote_mcp.calendar]
url = "https://example.org/mcp"
authorization = "${FILES_TOKEN}"
tools = ["list"]
"""


def read(tmp_path: Path, text: str) -> Config:
    """What a configuration file says of tools."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load_config({"VOICE_CONFIG": str(path), "FILES_TOKEN": "swordfish"})


def test_the_example_is_read_and_shows_no_secret(tmp_path: Path) -> None:
    config = read(tmp_path, EXAMPLE)
    assert config.tools.enabled == ("lamps", "broken")
    assert config.mcp["files"].args == ("--token", "swordfish")
    assert "swordfish" in set(config.mcp["files"].secrets) & set(config.mcp["search"].secrets)
    assert "swordfish" not in repr(config)
    assert config.remote_mcp["calendar"].to_json("calendar") == {
        "type": "mcp",
        "server_label": "calendar",
        "server_url": "https://example.org/mcp",
        "authorization": "swordfish",
        "allowed_tools": ["list"],
        "require_approval": "always",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tools]\nsecret_word = 'swordfish'", r"'secret_word' in \[tools\]"),
        ("[tools]\nweather = 'swordfish'", r"'weather' in \[tools\] must be one of 'demo', 'open-meteo'"),
        ("[mcp.x]\nargs = []", "either a command or a url"),
        ("[mcp.x]\ncommand = 'a'\nurl = 'http://b'", "either a command or a url"),
        ("[mcp.x]\nurl = 'swordfish'", r"'url' in \[mcp.x\] must be an address"),
        ("[mcp.'two words']\ncommand = 'swordfish'", "two words"),
        ("[remote_mcp.x]\n", "either a url or a connector"),
        ("[mcp.x]\ncommand = '${NOT_SET}'", "NOT_SET"),
        ("[mcp.x]\ncommand = 'a'\ntimeout_s = 0", "timeout_s"),
        ("mcp = 3", "'mcp' must be a table"),
    ],
)
def test_what_is_wrong_is_named_and_no_value_is_quoted(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as raised:
        read(tmp_path, text)
    assert "swordfish" not in str(raised.value)
    assert raised.value.fix


def names(*asked: str, offer: Offer | None = None) -> list[str]:
    """Names of the tools a session would offer."""
    return [tool.name for tool in offered_tools(CUSTOM, offer or Offer(), asked).tools]


def test_the_providers_tools_are_offered_less_the_disabled() -> None:
    assert names() == ["get_weather", "get_time", "end_conversation"]
    assert names(offer=Offer(disabled=("get_weather",))) == ["get_time", "end_conversation"]
    assert [tool.name for tool in offered_tools(YANDEX, Offer()).tools] == ["get_weather"]
    assert [tool.name for tool in offered_tools(YANDEX, Offer(), ["get_time"]).tools] == ["get_time", "get_weather"]


def test_a_plugin_is_offered_when_it_is_named_and_a_broken_one_is_a_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def lamp_on() -> None:\n    'Light.'\ndef get_time() -> str:\n    'Mine.'\n    return 'late'\n"
    install_plugins(
        tmp_path,
        {"lamps": "lamps_module:lamp_on", "broken": "lamps_nothing:x", "time": "lamps_module:get_time"},
        {"lamps_module": text},
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "lamps_module", raising=False)
    assert "lamp_on" not in names()
    assert names("lamps")[0] == "lamp_on"
    offered = offered_tools(CUSTOM, Offer(enabled=("lamps", "broken", "nobody")))
    assert offered.tools[0].name == "lamp_on"
    assert ["lamps_nothing" in offered.lacks[0], "nobody" in offered.lacks[1]] == [True, True]
    replaced = next(tool for tool in offered_tools(CUSTOM, Offer(), ["time"]).tools if tool.name == "get_time")
    assert replaced.description == "Mine."
    for name in ("broken", "nobody"):
        with pytest.raises(InvalidInputError, match=name):
            offered_tools(CUSTOM, Offer(), [name])
