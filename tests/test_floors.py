"""Imports go down the floors of the house only, and the command line starts without anything heavy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED: dict[str, tuple[str, ...]] = {
    "engine.errors": (),
    "engine.config": ("engine.errors",),
    "engine.dsp": ("engine.dsp", "engine.errors"),
    "engine.audio": ("engine.audio", "engine.dsp", "engine.errors"),
    "engine.local": ("engine.local", "engine.dsp", "engine.realtime.events", "engine.errors"),
    "engine.realtime": ("engine.realtime", "engine.audio", "engine.dsp", "engine.config", "engine.errors"),
    "backends": ("backends", "engine.audio", "engine.dsp", "engine.errors"),
    "benchmarks": ("benchmarks", "backends", "engine"),
    "cli": ("cli", "benchmarks", "backends", "engine"),
}
OURS = ("engine", "backends", "cli", "benchmarks", "tests")
IMPURE = {"asyncio", "socket", "time", "datetime", "threading", "aiohttp", "random"}
FILES = sorted(path for name in OURS[:4] for path in (ROOT / name).rglob("*.py"))


def imports(path: Path, *, at_top_only: bool = False) -> Iterator[str]:
    """Every module a file imports; `if TYPE_CHECKING` counts too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if at_top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module
            yield node.module


def within(module: str, floors: tuple[str, ...]) -> bool:
    """Whether a module is one of the floors or lies in it."""
    return any(module == floor or module.startswith(f"{floor}.") for floor in floors)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_from_its_floor_and_below(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    floor = next((floor for floor in ALLOWED if within(module, (floor,))), None)
    if floor is None:
        assert path.name == "__init__.py"
        return
    upward = [name for name in imports(path) if within(name, OURS) and not within(name, ALLOWED[floor])]
    assert not upward


def test_the_conversation_has_no_io_no_clock_and_no_event_loop() -> None:
    reached, waiting = set(), ["engine.realtime.conversation"]
    while waiting:
        name = waiting.pop()
        path = ROOT / f"{name.replace('.', '/')}.py"
        if name in reached or not path.exists():
            reached.add(name)
            continue
        reached.add(name)
        waiting += [found for found in imports(path) if within(found, ("engine",))]
        assert not {"asyncio", "socket", "time", "datetime", "threading", "aiohttp", "random"} & set(imports(path)), (
            name
        )
    assert "engine.realtime.responses" in reached
    assert "engine.realtime.session" not in reached


@pytest.mark.parametrize("name", ["numpy", "numba", "aiohttp", "sounddevice", "pyaudio", "soxr", "pydantic"])
def test_commands_import_heavy_packages_inside(name: str) -> None:
    for path in (ROOT / "cli" / "commands").rglob("*.py"):
        assert not any(within(found, (name,)) for found in imports(path, at_top_only=True)), path
