"""Help loads nothing that only the commands need, and `voice run` speaks before its engine is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.app import COMMANDS, load_command
from tests.support.command_lines import run_lines
from tests.support.voice_process import VOICE

HEAVY = {"numpy", "numba", "aiohttp", "sounddevice", "pyaudio", "soxr", "soundfile", "pydantic", "llvmlite"}
HEAVY |= {"asyncio", "importlib.metadata", "rich"}
ENGINE = {"numpy", "numba", "aiohttp", "sounddevice", "soxr", "soundfile", "llvmlite"}
FIRST_LINE = """
import os, sys
from cli.main import main
from cli.view.screen import Screen

def say(screen, text):
    print(text, *sys.modules, sep="\\n", file=sys.stderr)
    os._exit(0)

Screen.say = say
sys.argv[1:] = ["run", "--backend", "virtual"]
main()
"""
EMPTY = """
import typer
app = typer.Typer()
@app.command()
def run() -> None: ...
app()
"""
_PAIRS = 10


def _processor_s(*command: str | Path) -> float:
    """Return what a program takes of a processor, which a busy machine changes less than the time until it ends."""
    if sys.platform == "win32":
        pytest.skip("the system does not tell what a process used")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


@pytest.mark.timing
def test_help_takes_at_most_1_3_times_as_much_as_an_empty_program(tmp_path: Path) -> None:
    empty = tmp_path / "empty.py"
    empty.write_text(EMPTY)
    pairs = [(_processor_s(VOICE, "--help"), _processor_s(sys.executable, empty, "--help")) for _ in range(_PAIRS)]
    # The least of each: whatever else the machine does only ever adds.
    ours_s, empty_s = (min(side) for side in zip(*pairs, strict=True))
    assert ours_s <= 1.3 * empty_s


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, cli.app; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert HEAVY.isdisjoint(run.stdout.split())


def test_help_loads_no_command() -> None:
    code = "import sys; sys.argv[1:] = ['--help']\nfrom cli.main import main\n"
    code += "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "replay" in run.stdout
    assert not [name for name in run.stderr.split() if name.startswith("cli.commands")]


def test_a_conversation_begins_to_speak_before_its_engine_is_loaded(tmp_path: Path) -> None:
    (empty := tmp_path / "empty.toml").touch()
    environment = {**os.environ, "VOICE_CONFIG": str(empty), "VOICE_LANG": "", "LC_ALL": "C"}
    run = subprocess.run(
        [sys.executable, "-c", FIRST_LINE], capture_output=True, text=True, env=environment, check=True
    )
    said, *modules = run.stderr.splitlines()
    assert said.startswith("Nothing is configured")
    assert ENGINE.isdisjoint(modules)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_first_paragraph_of_its_own_help(name: str) -> None:
    assert load_command(name).help.split("\n\n")[0] == COMMANDS[name]


def test_every_command_has_help() -> None:
    commands = [*COMMANDS, "devices test", "devices pick", "devices watch", "bench history"]
    for line, run in run_lines((f"{command} -h" for command in commands), dict(os.environ)).items():
        assert run.returncode == 0, line
        assert f"Usage: voice {line.removesuffix(' -h')}" in run.stdout


def test_a_command_that_is_not_there_is_answered_with_the_nearest() -> None:
    run = subprocess.run([VOICE, "rum"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "Did you mean 'run'?" in run.stderr


def test_words_that_are_wrong_are_refused_in_one_sentence() -> None:
    wrong = {
        "run --turns foo": "Invalid value for '--turns': 'foo' is not one of 'server_vad', 'semantic_vad', 'none'.",
        "run --volume loud": "Invalid value for '--volume': 'loud' is not a number.",
        "run --volume 1000": "Invalid value for '--volume': 1000 is not 20 or less.",
        "serve --port 1.5": "Invalid value for '--port': '1.5' is not a whole number.",
        "devices --nosuch": "No such option: --nosuch",
    }
    for words, run in run_lines(wrong, dict(os.environ)).items():
        assert (run.returncode, run.stdout) == (2, ""), words
        assert run.stderr == f"voice: {wrong[words]}\n  See `voice {words.split(maxsplit=1)[0]} --help`.\n"


def test_an_option_without_its_value_names_the_help_of_its_command() -> None:
    run = subprocess.run([VOICE, "sessions", "show", "--html"], capture_output=True, text=True, check=False)
    assert run.stderr.endswith("See `voice sessions show --help`.\n")


def test_ctrl_c_while_it_loads_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run([VOICE, "--help"], capture_output=True, text=True, check=False, env=environment)
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")
