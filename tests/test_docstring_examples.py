"""Every example in a docstring runs and prints what it says; it may `await` and `async with` at its top level."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import importlib
import inspect
import io
from collections.abc import Coroutine
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from engine.config_path import CONFIG_VARIABLE
from engine.dsp.compile.library import load_kernels

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "backends", "cli", "benchmarks")
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for name in FOLDERS
    for path in (ROOT / name).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PATIENCE_S = 60.0


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The kernels are compiled before any example has to hurry."""
    load_kernels()


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = tmp_path / "config.toml"
    configuration.touch()
    monkeypatch.setenv(CONFIG_VARIABLE, str(configuration))
    monkeypatch.chdir(tmp_path)
    tests = [test for test in doctest.DocTestFinder().find(importlib.import_module(name)) if test.examples]
    assert tests
    assert [wrong for test in tests for wrong in wrong_examples(test)] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (">>> 6 * 7\n42", 0),
        (">>> 6 * 7\n43", 1),
        (">>> 6 * 7", 1),
        (">>> answer", 1),
        (">>> int('x')\nTraceback (most recent call last):\n    ...\nValueError: invalid literal ...", 0),
        (">>> import asyncio\n>>> asyncio.run(asyncio.sleep(0, 42))\n42", 0),
        (">>> import asyncio\n>>> loop = asyncio.get_running_loop()\n>>> await asyncio.sleep(0, 42)\n42", 0),
        (">>> import asyncio\n>>> await asyncio.sleep(0, 42)\n43", 1),
    ],
)
def test_a_wrong_example_is_found(text: str, wrong: int) -> None:
    test = doctest.DocTestParser().get_doctest(text, {}, "text", None, None)
    assert len(wrong_examples(test)) == wrong


def wrong_examples(test: doctest.DocTest) -> list[str]:
    """The examples of one docstring that print something else; if one of them awaits, all run on one event loop."""
    codes = [compile(example.source, test.name, "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT) for example in test.examples]
    running = printed_by(codes, test.globs)
    awaits = any(code.co_flags & inspect.CO_COROUTINE for code in codes)
    printed = asyncio.run(asyncio.wait_for(running, PATIENCE_S)) if awaits else without_a_loop(running)
    return [
        f"{test.name}:\n{example.source}gave {got!r}, not {example.want!r}"
        for example, got in zip(test.examples, printed, strict=True)
        if not doctest.OutputChecker().check_output(example.want, got, FLAGS)
    ]


async def printed_by(codes: list[CodeType], names: dict[str, Any]) -> list[str]:
    """What each prints; of an exception, what a docstring shows of it."""
    printed = [""]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        for code in codes:
            try:
                result = eval(code, names)
                if inspect.isawaitable(result):
                    await result
            except Exception as error:
                print(f"Traceback (most recent call last):\n    ...\n{type(error).__name__}: {error}")
            printed.append(out.getvalue().removeprefix("".join(printed)))
    return printed[1:]


def without_a_loop(running: Coroutine[Any, Any, list[str]]) -> list[str]:
    """The result of a coroutine that never waits: an example may start a loop of its own."""
    with pytest.raises(StopIteration) as ended:
        running.send(None)
    result: list[str] = ended.value.value
    return result
