"""The picture of the screen: what an emulator shows, in its colours, without a font that has to be fetched."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pyte
import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is a thing of Unix", allow_module_level=True)

from tests.manual.picture import COLUMNS, PICTURE, GrayStream, drawn

ROOT = Path(__file__).parents[2]


def test_faint_and_struck_text_is_drawn() -> None:
    screen = pyte.Screen(20, 2)
    GrayStream(screen).feed(b"\x1b[1mAgent:\x1b[0m said \x1b[2;9mleft\x1b[0m\r\n\x1b[38;2;1;2;3mrgb")
    picture = drawn(screen)
    (faint,) = re.findall(r"\.(voice-r\d+) \{ fill: #8b949e;text-decoration: line-through; \}", picture)
    assert re.search(rf'class="{faint}"[^>]*>left<', picture)
    assert "fill: #010203" in picture
    assert "url(http" not in picture


@pytest.mark.parametrize("page", ["README.md", "README.ru.md", "docs/index.md"])
def test_pages_show_the_picture_of_a_whole_conversation(page: str) -> None:
    assert "screen.svg" in (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"<[^>]*>|&#160;", " ", PICTURE.read_text(encoding="utf-8"))
    assert {"tool", "get_weather", "mic", "spk", "echo"} <= set(re.findall(r"\w+", text))
    assert COLUMNS <= 100
