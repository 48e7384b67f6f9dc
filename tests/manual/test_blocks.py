"""Code in the manual is right: commands parse, configurations are read, programs have the types they say."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from cli.app import COMMANDS, app, load_command
from engine.config import load_config
from engine.script.reading import read_script
from tests.support.voice_process import VOICE

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"`(voice [^`]+)`")
OPTION = re.compile(r"`(--[a-z][a-z-]*)")
COMMON = {"--help", "--version", "--profile"}
SEPARATOR = re.compile(r"[|;&]+")
VARIABLES = dict.fromkeys(("LAMP_KEY", "FILES_TOKEN", "SEARCH_TOKEN", "CALENDAR_TOKEN"), "x")
GROUPS = {"voice.backends", "voice.processors", "voice.tools"}
PRELUDE = "import engine as voice\nfrom mytools import set_light\n\n\nasync def main() -> None:\n"
"""Names that a piece of a program has from around it."""


class Block(NamedTuple):
    """A block of code on a page."""

    page: Path
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(kind: str) -> list[Block]:
    """Return all blocks of a kind."""
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    return [
        Block(page, text.count("\n", 0, match.start()) + 2, match[2])
        for page, text in texts.items()
        for match in BLOCK.finditer(text)
        if match[1] == kind
    ]


def calls(line: str) -> Iterator[list[str]]:
    """Yield the words of each call of `voice` in a line of a shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&")
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if not SEPARATOR.fullmatch(word):
            command.append(word)
            continue
        while command and re.fullmatch(r"[A-Z_]+=\S*", command[0]):
            command.pop(0)
        if command[:1] == ["voice"]:
            yield command[1:]
        command = []


def parse(words: list[str]) -> None:
    """Read the words as the program does, and run nothing."""
    command: Any = typer.main.get_command(app)
    if len(words) == 1 and words[0].startswith("-"):  # acts as soon as it is read
        assert words[0] in options(command)
        return
    context = command.make_context("voice", list(words))
    while hasattr(command, "resolve_command") and context._protected_args:
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)


def options(command: Any) -> set[str]:
    """Return the options of a command."""
    return {name for entry in command.params for name in [*entry.opts, *entry.secondary_opts]}


def command_of(words: list[str]) -> Any:
    """Return the command that the first words name."""
    command = load_command(words[0])
    for word in words[1:]:
        command = getattr(command, "commands", {}).get(word, command)
    return command


@pytest.fixture(autouse=True)
def no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that a command line chooses holds for its test only."""
    monkeypatch.setenv("VOICE_PROFILE", "")


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_a_command_can_be_given(block: Block) -> None:
    for line in block.code.splitlines():
        for words in calls(line):
            parse(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_options_in_sentences_exist(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for sentence in COMMAND.findall(text):
        words = shlex.split(sentence)[1:]
        if not words[0].startswith("-") and words[0] != "COMMAND":
            named = {word for word in words if word.startswith("--")}
            assert not named - options(command_of(words)) - COMMON, sentence
    groups = [load_command(name) for name in COMMANDS]
    every = [*groups, *(below for group in groups for below in getattr(group, "commands", {}).values())]
    assert not set(OPTION.findall(text)) - COMMON.union(*map(options, every))


@pytest.mark.parametrize(
    "line",
    ["voice runn", "x | voice run --echoo off", "A=1 voice run --echo loud", "voice tools call", "voice bench -q"],
)
def test_a_wrong_command_is_found(line: str) -> None:
    (words,) = calls(line)
    with pytest.raises(Exception, match=r"No such|not one of|Missing"):
        parse(words)


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_a_file_is_read(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_text(block.code, encoding="utf-8")
    document = tomllib.loads(block.code)
    if "steps" in document:
        assert read_script(path, lambda sound, rate_hz: bytes(2)).connections
    elif "project" in document:
        assert set(document["project"]["entry-points"]) <= GROUPS
    else:
        for profile in ["", *document.get("profiles", {})]:
            load_config({"VOICE_CONFIG": str(path), "VOICE_PROFILE": profile, **VARIABLES})


def test_the_programs_have_the_types_they_say(tmp_path: Path) -> None:
    (tmp_path / "my_package.py").write_text("import backends.virtual\n\nMyBackend = backends.virtual.VirtualBackend\n")
    for number, block in enumerate(blocks("python")):
        named = re.match(r"# (\w+)\.py\n", block.code)
        is_piece = block.code.startswith("async ")
        code = PRELUDE + textwrap.indent(block.code, "    ") if is_piece else block.code
        (tmp_path / f"{named[1] if named else f'block_{number}'}.py").write_text(code, encoding="utf-8")
    files = sorted(map(str, tmp_path.glob("*.py")))
    assert len(files) >= 5
    checks = ["--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary"]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *checks, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_the_tool_of_the_manual_is_called(tmp_path: Path) -> None:
    (program,) = (block.code for block in blocks("python") if block.code.startswith("# mytools.py\n"))
    (tmp_path / "mytools.py").write_text(program, encoding="utf-8")
    (words,) = next(
        found
        for block in blocks("sh")
        for line in block.code.splitlines()
        if "tools call set_light" in line and (found := list(calls(line)))
    )
    run = subprocess.run([VOICE, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "on" in run.stdout
