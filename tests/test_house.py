"""The house rules a program can check: every file says what it is for, and none is long."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "backends", "cli", "benchmarks", "tests", "examples")
FILES = sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))
LONGEST = 400
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
VAGUE = re.compile(r"^(utils?|helpers?|misc|common|stuff|manager)$")
PRIVATE = re.compile(r"/(?:home|ro" + r"ot|work|Users)/[a-z]" + r"|\bsk-[A-Za-z0-9]{20}" + r"|\bAQVN[A-Za-z0-9]{20}")
"""A path of somebody's machine, or what looks like a key of OpenAI or of Yandex Cloud."""
RELATIVE = re.compile(r"\s*(What|Who|Whom|Whose|When|Where|Which|How|Of)\b")
"""A docstring that opens with a clause, where a noun phrase or an imperative says of what it speaks."""
WAITS = re.compile(r"\btime\.sl" + r"eep\(")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for_and_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST
    if text:
        documentation = ast.get_docstring(ast.parse(text))
        assert documentation
        assert documentation.split("\n")[0].rstrip()[-1] in ".:,`;" or len(documentation.split("\n")) > 1
    assert not UNFINISHED.search(text)
    assert not PRIVATE.search(text)
    assert not VAGUE.match(path.stem)


@pytest.mark.parametrize("folder", [name for name in FOLDERS if name != "tests"])
def test_docstrings_open_with_a_noun_or_an_imperative(folder: str) -> None:
    assert [
        opening for path in FILES if path.is_relative_to(ROOT / folder) for opening in relative_openings(path)
    ] == []


def relative_openings(path: Path) -> list[str]:
    """Docstrings, those below fields and constants included, that open with a relative clause or with "Of"."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))) if RELATIVE.match(text):
                found.append(f"{path}:{node.lineno} {text}")
    return found


def test_a_relative_opening_is_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""Whatever."""\nMOST = 3\n"""\nHow many."""\n', encoding="utf-8")
    assert relative_openings(path) == [f"{path}:3 \nHow many."]


def test_no_test_waits_by_the_clock() -> None:
    assert not [path for path in (ROOT / "tests").rglob("*.py") if WAITS.search(path.read_text(encoding="utf-8"))]


def test_constraints_name_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(
        line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[0-9a-z.]+(; (sys|platform)_.+)?", line)
        for line in lines
    )


def test_the_repository_holds_only_the_folders_of_the_design() -> None:
    if not shutil.which("git"):
        pytest.skip("this system has no git")
    run = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("this is no checkout")
    folders = {line.split("/")[0] for line in run.stdout.splitlines() if "/" in line}
    assert folders == {*FOLDERS, "docs", ".ci", ".github"}


def test_the_picture_of_the_house_names_every_room_and_no_module_that_is_gone() -> None:
    text = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    for name in ("engine/realtime", "engine/audio", "engine/dsp", "engine/local", "cli", "benchmarks"):
        part = text.partition(f"\n{name}\n")[2].partition("\n\n")[0]
        rooms = {path.parent.name for path in (ROOT / name).glob("*/__init__.py")}
        assert rooms <= set(re.findall(r"^  (\w+)\b", part, re.MULTILINE)), name
    modules = re.findall(r"[\w/]+/\w+\.py", text)
    assert modules
    assert not [path for path in modules if not (ROOT / path).exists() and not (ROOT / "engine" / path).exists()]
