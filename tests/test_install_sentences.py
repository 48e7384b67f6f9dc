"""Every sentence that tells a person to run `pip install` names what there is, in quotes that every shell takes."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = [path for folder in ("engine", "backends", "cli", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
SENTENCE = re.compile(r"""pip install (?:-e )?("[^"]*"|'[^']*'|[^\s`]+)""")
OWN = {".", PROJECT["name"]}


def normal(name: str) -> str:
    """A distribution's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


FOREIGN = {normal(re.split(r"[^\w.-]", entry)[0]) for entry in PROJECT["dependencies"]}


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a file that a person may read: the strings of a program, everything of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield text
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def mistake(argument: str) -> str:
    """Return the mistake in the argument of a `pip install`, or nothing."""
    name, _, extras = argument.strip("\"'").rstrip("]").partition("[")
    if extras and not (argument.startswith('"') and argument.endswith(']"')):
        return 'brackets need "...": zsh takes them for a pattern, and cmd knows no other quotes'
    if name not in OWN:
        return "" if normal(name) in FOREIGN and not extras else f"{name} is no dependency"
    unknown = set(filter(None, extras.split(","))) - set(PROJECT["optional-dependencies"])
    return f"there is no extra {unknown}" if unknown else ""


SENTENCES = [
    pytest.param(argument, id=f"{path.relative_to(ROOT)}: {argument}")
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *SOURCES)
    for text in texts(path)
    for argument in SENTENCE.findall(text)
]


@pytest.mark.parametrize("argument", SENTENCES)
def test_a_sentence_can_be_run_as_it_is(argument: str) -> None:
    assert not mistake(argument)


def test_the_sentences_are_found() -> None:
    assert len(SENTENCES) >= 5


@pytest.mark.parametrize(
    "argument",
    [
        "'voice-realtime[local]'",
        "voice-realtime[local]",
        '"voice-realtime[aec]"',
        '"voice-engine[local]"',
        ".[local]",
        "requests",
        "sounddevice[x]",
    ],
)
def test_a_wrong_one_is_found(argument: str) -> None:
    assert mistake(argument)


@pytest.mark.parametrize("argument", ['"voice-realtime[local,mcp]"', '".[all]"', "voice-realtime", "SoundDevice"])
def test_a_right_one_is_taken(argument: str) -> None:
    assert not mistake(argument)
