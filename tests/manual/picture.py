"""The picture of the screen in README and manual: `python -m tests.manual.picture` holds a conversation and draws it.

The agent is the local one, on the virtual sound card: asked for the weather, interrupted in a story, and asked for
another one, in which the picture is taken.
"""

from __future__ import annotations

import io
import re
import tempfile
from itertools import groupby
from pathlib import Path

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.support.soundcard import SoundCard
from tests.support.speech import speech
from tests.support.terminal import Terminal
from tests.support.voice_process import VOICE

PICTURE = Path(__file__).parents[2] / "docs" / "screen.svg"
COLUMNS, ROWS = 90, 27
_GRAY = "#8b949e"
RATE_HZ = 48000
_FAINT = re.compile(rb"(?<=\x1b\[)(|[013479;]+;)2(?=[;m])")
_FONT = re.compile(r"@font-face \{.*?\}\n", re.DOTALL)
"""Fonts that a page would fetch."""


class GrayStream(pyte.ByteStream):
    """The emulator knows no faint text: gray is given for it."""

    def feed(self, data: bytes) -> None:  # type: ignore[override]
        """Take bytes of the terminal."""
        super().feed(_FAINT.sub(rb"\g<1>90", data))


def hold(terminal: Terminal, card: SoundCard) -> None:
    """Talk until the picture is worth taking."""

    def say(words: str) -> None:
        card.play_to_microphone(speech(words, RATE_HZ, "en-us+f3"), RATE_HZ).wait()

    terminal.wait_to_see("^listening")
    say("what is the weather in Paris")
    terminal.wait_to_see("^Agent: Paris")
    terminal.wait_to_see("^listening")
    say("tell me a story")
    terminal.wait_to_see("^agent")
    terminal.read_for(12.0)
    say("what is seven times eight")
    terminal.wait_to_see("56")
    terminal.wait_to_see("^listening")
    say("tell me another story")
    terminal.wait_to_see("^agent")
    terminal.read_for(4.5)
    assert not any(re.search(r"[1-9] xrun", row) for row in terminal.rows), "\n".join(terminal.rows)


def drawn(screen: pyte.Screen) -> str:
    """Return what stands on the screen as SVG."""
    console = Console(record=True, width=screen.columns, file=io.StringIO(), force_terminal=True)
    for row in range(screen.lines):
        line = Text()
        cells = (screen.buffer[row][column] for column in range(screen.columns))
        for style, alike in groupby(cells, style_of):
            line.append("".join(cell.data for cell in alike), style)
        console.print(line, overflow="crop", no_wrap=True)
    template = _FONT.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title="voice run", theme=MONOKAI, code_format=template, unique_id="voice")


def style_of(cell: pyte.screens.Char) -> Style:
    """Return the style of a character."""
    return Style(
        color=colour(cell.fg),
        bgcolor=colour(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        strike=cell.strikethrough,
        reverse=cell.reverse,
    )


def colour(name: str) -> str | None:
    """Return a colour of the emulator as rich calls it."""
    if name == "default":
        return None
    if re.fullmatch("[0-9a-f]{6}", name):
        return f"#{name}"
    return {"brown": "yellow", "brightblack": _GRAY}.get(name, name.replace("bright", "bright_"))


if __name__ == "__main__":
    sound = SoundCard()
    sound.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            alone = {**sound.environment, "VOICE_CONFIG": "", "XDG_CONFIG_HOME": folder, "COLORTERM": "truecolor"}
            alone["PULSE_LATENCY_MSEC"] = "100"  # other programs may be busy meanwhile
            with Terminal([VOICE, "run", "--provider", "local"], alone, columns=COLUMNS, rows=ROWS) as seen:
                seen._emulator = GrayStream(seen._screen)
                hold(seen, sound)
                PICTURE.write_text(drawn(seen._screen), encoding="utf-8")
    finally:
        sound.stop()
