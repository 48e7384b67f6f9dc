"""`voice run` on a terminal as a person sees it: the panel at every size, typing, Ctrl+Z, a terminal that stops."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.voice_process import VOICE

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is a thing of Unix", allow_module_level=True)

from tests.support.terminal import Terminal

RUN = [VOICE, "run", "--backend", "virtual", "--provider", "local"]
STORY = "tell me a story\r"
FAILS_AT_A_KEY = """
import select
import cli.run.session
from cli.main import main
from engine.errors import InvalidInputError

def fail_at_a_key(*_given, **_named):
    print("starting", flush=True)
    select.select([0], [], [])
    raise InvalidInputError("It cannot be.")

cli.run.session.hold_session = fail_at_a_key
main()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No configuration of the person's."""
    return {**os.environ, "VOICE_CONFIG": "", "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """One conversation for all tests that do not end it, on a terminal of 80 columns and 24 rows."""
    environment = {**os.environ, "VOICE_CONFIG": "", "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))}
    with Terminal(RUN, environment, columns=80, rows=24) as terminal:
        yield terminal


@pytest.fixture
def running(conversation: Terminal) -> Terminal:
    """The conversation, in which nothing is going on."""
    conversation.wait_to_see("^listening")
    conversation.wait_to_see("^> F1")
    return conversation


def panel_of(rows: list[str]) -> list[str]:
    """The panel and the last line."""
    return rows[max(at for at, row in enumerate(rows) if re.match("listening|you|thinking|agent|tool|muted", row)) :]


def test_what_is_waited_for_from_the_first_moment_is_gone_before_an_error(environment: dict[str, str]) -> None:
    with Terminal([VOICE, "run", "--provider", "nosuch"], environment) as terminal:
        terminal.wait_for("connecting")
        assert terminal.wait() == 2
        assert terminal.rows[0] == "voice: There is no provider 'nosuch'."


@pytest.fixture
def starting(tmp_path: Path) -> str:
    """A command line that starts a conversation until a key is pressed, and then fails."""
    program = tmp_path / "starting.py"
    program.write_text(FAILS_AT_A_KEY)
    return f"{sys.executable} {program} run --provider local"


def test_what_is_typed_while_it_starts_is_not_seen_and_not_left_to_the_shell(
    environment: dict[str, str], starting: str
) -> None:
    shell = ["sh", "-c", f"{starting}; echo ended; read -r line && echo run: $line"]
    with Terminal(shell, environment) as terminal:
        terminal.wait_for("starting")
        terminal.press("rm -r talks\r")
        terminal.wait_to_see("^ended")
        terminal.press("next\r")
        terminal.wait_to_see("^run: next")
        assert terminal.is_as_before
        assert not any("rm -r" in row for row in terminal.history)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_start_that_is_ended_gives_the_terminal_back(
    environment: dict[str, str], starting: str, number: signal.Signals
) -> None:
    with Terminal(starting.split(), environment) as terminal:
        terminal.wait_for("starting")
        assert not terminal.is_as_before
        terminal.signal(number)
        assert terminal.wait() == -number
        assert terminal.is_as_before


def test_what_is_typed_while_it_starts_is_said_once_it_has_begun(environment: dict[str, str]) -> None:
    with Terminal(RUN, environment, columns=80, rows=24) as terminal:
        terminal.wait_for("connecting")
        terminal.press("how are you\r")
        terminal.wait_to_see("^You: +how are you")
        assert sum("how are you" in row for row in terminal.history) == 1
        terminal.press("\x04")
        assert terminal.wait() == 0
        assert terminal.is_as_before


def test_the_panel_is_whole_at_every_size_and_clean_after_one_redraw(running: Terminal) -> None:
    running.press("/volume -6\r")
    running.wait_to_see("volume -6 dB")
    for columns, rows in ((120, 40), (80, 24), (50, 20), (40, 24), (200, 50), (40, 10), (21, 8), (80, 24)):
        running.resize(columns, rows)
        wide, high = columns >= 61, rows > 12
        seen = running.wait_until(
            lambda shown, columns=columns, wide=wide, high=high: (  # type: ignore[misc]
                shown[-1].startswith("> F1")
                and (not high or bool(re.search(r"mic ─+ +-- dB +spk ─+ +-- dB", " ".join(panel_of(shown)))))
                and (wide == any("listening   mic" in row for row in shown))
                and (not high or "→ no speaker" in "".join(shown[-6:]))
                and all(cell_len(row) < columns for row in panel_of(shown))
            )
        )
        panel = panel_of(seen)
        assert sum(row.startswith("listening") for row in seen) == 1, "nothing is left of the frame before"
        assert sum(row.startswith("> ") for row in seen) == 1
        if high:
            figures = " ".join(panel)
            assert re.search(r"voice-local.*0 xruns.*volume -6 dB.*echo off.*silence", figures)


def test_levels_state_and_latency_move_while_the_agent_speaks_and_escape_silences_it(running: Terminal) -> None:
    running.press(STORY)
    running.wait_to_see(r"^agent .*spk ━+.* -\d+ dB")
    assert running.cell("━").fg == "green"
    running.wait_to_see("Agent: Once upon a time")
    assert not any("counting the time" in row for row in running.rows), "the words come with the voice"
    running.press("\x1b")
    seen = running.wait_to_see("—")
    running.wait_to_see("^listening")
    assert sum("—" in row for row in seen) == 1
    assert running.cell("forty").strikethrough
    assert not running.cell("upon").strikethrough


def test_a_tool_is_shown_with_its_arguments_and_its_time(running: Terminal) -> None:
    running.press("what is the weather in Moscow\r")
    running.wait_to_see(r'tool get_weather\(city="Moscow"\)')
    running.wait_until(lambda rows: bool(re.search(r"get_weather returned .* \(\d+ +ms\)", " ".join(rows))))
    running.wait_to_see("Agent: Moscow")


def test_what_is_typed_in_any_script_is_seen_with_its_cursor_and_a_paste_is_one_message(running: Terminal) -> None:
    running.press("Привет 日本語 👍")
    running.wait_to_see("^> Привет 日 ?本 ?語 ?👍")
    running.press("\x1b[D\x1b[Dx")
    running.wait_to_see("語 ?x")
    running.press("\x15\x0b\x1b[200~first line\rsecond line\x1b[201~")
    running.wait_to_see("^> first line second line")
    running.press("\r")
    running.wait_to_see("You: +first line second line$")


def test_a_word_of_twenty_thousand_characters_can_be_typed_and_said(running: Terminal) -> None:
    running.press("\x1b[200~" + "я" * 20_000 + "\x1b[201~")
    running.wait_to_see("^> …я+")
    assert all(cell_len(row) < 80 for row in running.rows)
    running.press("\r")
    running.wait_to_see("^> F1 help")
    running.wait_until(lambda _: "".join(running.history).count("я") == 20_000)
    assert "listening" in " ".join(panel_of(running.rows)) or "agent" in " ".join(panel_of(running.rows))


def test_commands_and_keys_do_what_the_help_says(running: Terminal) -> None:
    running.press("\x1bOP")
    running.wait_to_see("/devices +choose the microphone")
    running.press("/volume 0\r\x1b[A\x1b[A")
    running.wait_to_see(r"volume \+4 dB")
    running.press("/m\t")
    running.wait_to_see("^> /mute$")
    running.press("\r")
    running.wait_to_see("^muted ")
    running.press("\t")
    running.wait_to_see("^listening")
    running.press("/devices\r")
    running.wait_to_see("Microphone of this conversation")
    running.press("\x1b")
    assert not any("Speaker of" in row for row in running.wait_to_see("^> F1 help")), "Esc leaves the whole of it"


def test_ctrl_z_gives_the_terminal_back_and_it_is_drawn_again_afterwards(running: Terminal) -> None:
    running.press("half a line")
    running.wait_to_see("^> half a line")
    running.press("\x1a")
    seen = running.wait_until(lambda rows: not any("half a line" in row for row in rows))
    assert not any("spk" in row for row in seen)
    running.wait_until(lambda _: running.is_as_before)
    running.signal(signal.SIGCONT)
    running.wait_to_see("^> half a line")
    assert sum(row.startswith("listening") for row in running.rows) == 1
    running.press(" more\r")
    running.wait_to_see("You: +half a line more")


def test_a_terminal_that_stops_reading_stops_nothing_and_ctrl_c_still_ends_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    events = tmp_path / "events.jsonl"
    with Terminal([*RUN, "--events", str(events)], environment) as terminal:
        terminal.wait_to_see("^listening")
        terminal.press(STORY)
        deadline_s = time.monotonic() + 60
        while '"audio.start"' not in events.read_text():
            assert time.monotonic() < deadline_s
        full = 0
        while terminal.unread > full:  # the panel fills what a terminal holds; the story goes on meanwhile
            full = terminal.unread
            threading.Event().wait(0.5)
        terminal.press("what is seven times eight\r")
        while "56" not in events.read_text():
            assert time.monotonic() < deadline_s
        began_s = time.monotonic()
        terminal.signal(signal.SIGINT)
        assert terminal.wait_unread() == 0
        assert time.monotonic() - began_s < 5
    assert '"summary"' in events.read_text()


def test_without_colours_all_is_said_and_struck(environment: dict[str, str]) -> None:
    with Terminal(RUN, {**environment, "NO_COLOR": "1"}, columns=80, rows=24) as terminal:
        terminal.wait_to_see("^listening")
        terminal.press(STORY)
        terminal.wait_to_see("spk ━+")
        assert terminal.cell("━").fg == "default"
        assert terminal.cell("agent ").bold
        terminal.wait_to_see("Agent: Once")
        terminal.press("\x1b")
        terminal.wait_to_see("—")
        assert terminal.cell("forty").strikethrough


@pytest.mark.parametrize("end", ["\x04", "/quit\n"])
def test_plain_lines_hold_no_escape_and_lines_can_be_typed(environment: dict[str, str], end: str) -> None:
    with Terminal([*RUN, "--plain"], environment) as terminal:
        terminal.wait_for("Speak.")
        terminal.press("what is seven times eight\n")
        terminal.wait_for("You: +what is seven times eight")
        terminal.wait_for(r"Agent: .*56\.")
        terminal.press(end)
        assert terminal.wait() == 0
        assert "\x1b" not in terminal.sent
        assert terminal.is_as_before


def test_plain_lines_take_commands(environment: dict[str, str]) -> None:
    with Terminal([*RUN, "--plain"], environment) as terminal:
        terminal.wait_for("Speak.")
        terminal.press("/help\n")
        terminal.wait_for("(?s)/mute .*/volume DB .*this list")
        terminal.press("/mute\n")
        terminal.wait_for("The microphone is muted.")
        terminal.press("/volume -6\n/volume nan\n")
        terminal.wait_for("(?s)The volume is -6 dB.*'nan' is not a volume in dB.*/volume -6 sets it")
        terminal.press("/mute\n")
        terminal.wait_for("The microphone listens again.")
        terminal.press("/devices\n/nonsense\n")
        terminal.wait_for("(?s)before with --input.*no command /nonsense")
        terminal.press("/quit\n")
        assert terminal.wait() == 0
