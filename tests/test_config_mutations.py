"""A configuration with anything in it is a configuration, or a sentence."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config, load_config
from engine.config_file import save_values
from engine.errors import InvalidInputError

SECRET = "sk-swordfish-0123"
WHOLE = f"""
[keys]
openai_api_key = "{SECRET}"
yandex_folder_id = "folder"

[audio]
backend = "virtual"
input = "usb"

[tools]
enabled = ["get_time", "lights"]
weather = "demo"
open_meteo.forecast_url = "https://example.org/forecast"

[mcp.files]
command = "server"
args = ["--token", "{SECRET}", "${{FILES_TOKEN}}"]
env = {{ TOKEN = "{SECRET}" }}
timeout_s = 30.0

[remote_mcp.calendar]
url = "https://example.org/mcp"
authorization = "{SECRET}"

[prices."gpt-realtime-2.1"]
currency = "USD"
audio_input = 32.0
estimated = true

[turns]
mode = "semantic_vad"
eagerness = "low"
silence_duration_ms = 600
"""
VALUES = (
    "''", "-1", "0", "1e400", "nan", "-inf", "9" * 400, "9" * 5000, "true", "[]", "{}", "[[1]]", "[1, 'a', {b = 2}]",
    "1979-05-27", "07:32:00", "'${NOT_SET}'", "'${FILES_TOKEN}'", "'\\u202e'", '"\\u0000"', "'''a\nb'''", "[" * 2000,
    "{a = " * 2000, "'https://'", "0x1F", "'a' # b", "",
)  # fmt: skip
KEYS = ("x", "keys", "mcp", '"\\u001b[2J"', "a.b.c", ".".join("a" * 90), ".".join("a" * 5000), "openai_api_key", "''")
HEADERS = ("[x]", "[[audio]]", "[mcp.'a b']", "[prices]", "[turns.mode]", "[" * 3000, "[audio]", "[mcp.a.b.c]", "[]")
ODD = ("\x00", "\x1b", "\u202e", "\ufeff", '"')
PYDANTIC = re.compile(r"[Ii]nput should|[Vv]alid dictionary|pydantic|validation error|keyword argument|Value error")


def mutated(dice: random.Random) -> bytes:
    """The whole configuration with one or two things wrong with it."""
    lines = WHOLE.splitlines()
    for _ in range(dice.choice((1, 1, 1, 2))):
        at = dice.randrange(len(lines))
        key, equals, value = lines[at].partition(" = ")
        match dice.randrange(8):
            case 0 if equals:
                lines[at] = f"{key} = {dice.choice(VALUES)}"
            case 1 if equals:
                lines[at] = f"{dice.choice(KEYS)} = {value}"
            case 2:
                lines[at] = dice.choice(HEADERS)
            case 3:
                del lines[at]
            case 4:
                lines.insert(at, lines[dice.randrange(len(lines))])
            case 5:
                lines[at] = lines[at][: dice.randint(0, len(lines[at]))]
            case 6:
                lines.insert(at, f"{dice.choice(KEYS)} = {dice.choice(VALUES)}")
            case _:
                cut = dice.randint(0, len(lines[at]))
                lines[at] = lines[at][:cut] + dice.choice(ODD)
        lines = lines or [""]
    return dice.choice((b"", b"", b"\xef\xbb\xbf")) + "\n".join(lines).encode() + dice.choice((b"\xff", *[b""] * 20))


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_mutated_file_gives_a_configuration_or_a_sentence(seed: int, tmp_path: Path) -> None:
    dice, path = random.Random(seed), tmp_path / "config.toml"
    outcomes: dict[type[Any], int] = {Config: 0, InvalidInputError: 0}
    for _ in range(1000 if seed else 200):
        path.write_bytes(content := mutated(dice))
        try:
            outcomes[type(load_config({"VOICE_CONFIG": str(path), "FILES_TOKEN": SECRET}))] += 1
            save_values(path, {"audio.input": "other"})
        except InvalidInputError as error:
            outcomes[InvalidInputError] += 1
            assert str(path) in error.message, content
            assert error.fix and error.message.endswith("."), content
            assert SECRET not in str(error) and not PYDANTIC.search(str(error)), content
            assert len(str(error)) < 1000 + len(str(path)), content
    assert min(outcomes.values()) > 5, outcomes
