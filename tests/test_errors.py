"""Every error that a person may meet says how to mend it: the fix is no option that a raise may forget."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

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
