"""Every error that a person may meet says how to mend it, below the command line in words that suit any program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import COMMANDS, load_command
from cli.errors import SINGULAR
from engine import errors

ROOT = Path(__file__).parent.parent
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.VoiceError)}
OF_PROGRAMS = (
    "engine/dsp",
    "engine/realtime/testing",
    "engine/audio/port",
    "engine/audio/playback/player.py",
    "engine/audio/capture.py",
    "engine/local/script_player.py",
)
"""What only a program that calls these wrongly meets; and steps of a script, whose error gets its fix at the end."""
FOLDERS = ("cli", "backends", "engine")
FILES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not str(path.relative_to(ROOT)).startswith(OF_PROGRAMS)
]


def made_without_a_fix(path: Path) -> Iterator[str]:
    """Every line that makes an error of ours and says nothing of the fix."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            fixes = [keyword.value for keyword in node.keywords if keyword.arg == "fix"]
            if not fixes or (isinstance(fixes[0], ast.Constant) and not fixes[0].value):
                yield f"line {node.lineno}: {node.func.id}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_error_is_made_with_a_fix(path: Path) -> None:
    assert not list(made_without_a_fix(path))


def test_one_without_is_found(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text('raise InvalidInputError("a", fix="b")\nraise NoDeviceError("a")\nraise VoiceError("a", fix="")\n')
    assert list(made_without_a_fix(path)) == ["line 2: NoDeviceError", "line 3: VoiceError"]


BELOW = [path for folder in ("backends", "engine") for path in sorted((ROOT / folder).rglob("*.py"))]
OPTIONS = {
    name for command in COMMANDS for entry in load_command(command).params for name in entry.opts if name[0] == "-"
}
NAMED = re.compile(rf"\bvoice (?:{'|'.join(COMMANDS)})\b|(?<![\w-])(?:{'|'.join(OPTIONS)})(?![\w-])")
PARAMETER = re.compile(r"`([a-z_]+)=")
OWN_ARGUMENTS = {"engine/local/__main__.py": ["--host", "--port"]}
"""Options of a process that the engine starts itself."""


def texts(path: Path, *, docstrings: bool) -> Iterator[str]:
    """Every string of a file."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    left_out = [] if docstrings else [node.value for node in nodes if isinstance(node, ast.Expr)]
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in left_out:
            yield node.value


@pytest.mark.parametrize("path", BELOW, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_below_the_command_line_names_its_commands_or_options(path: Path) -> None:
    named = [found for text in texts(path, docstrings=True) for found in NAMED.findall(text)]
    assert named == OWN_ARGUMENTS.get(str(path.relative_to(ROOT)), [])


def test_those_that_are_named_are_found() -> None:
    named = NAMED.findall("Run `voice run --turns none`, a voice of --input-file's.")
    assert named == ["voice run", "--turns", "--input-file"]
    assert not NAMED.findall("`apt install --reinstall` for voice activity")


def test_parameters_that_a_text_names_are_options_of_the_command_line_too() -> None:
    named = {name for path in BELOW for text in texts(path, docstrings=False) for name in PARAMETER.findall(text)}
    assert {"backend", "input_file", "output_rate"} < named
    assert {f"--{SINGULAR.get(name, name).replace('_', '-')}" for name in named} <= OPTIONS
