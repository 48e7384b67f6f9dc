"""Distributions: their description, their files, and the program that is installed from them, in an empty home."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages.conftest import ROOT
from tests.packages.installed import Installed

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
PACKAGES = ("engine", "backends", "cli", "benchmarks")
WORKFLOWS = ROOT / ".github" / "workflows"
UNCOUNTED = {".pyc", ".pyo"}


@pytest.mark.parametrize("command", ["twine check --strict", "check-wheel-contents"])
def test_nothing_is_wrong_with_their_form(command: str, distributions: Path, tool: Callable[[str], Path]) -> None:
    name, *options = command.split()
    files = distributions.glob("*" if name == "twine" else "*.whl")
    run = subprocess.run([tool(name), *options, *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    assert held == {
        path.relative_to(ROOT).as_posix() for path in files if path.is_file() and path.suffix not in UNCOUNTED
    }


@pytest.mark.parametrize("name", ["ci", "release"])
def test_the_workflow_has_the_form_of_one(name: str, tool: Callable[[str], Path]) -> None:
    command: list[str | Path] = [
        tool("check-jsonschema"),
        "--builtin-schema",
        "vendor.github-workflows",
        WORKFLOWS / f"{name}.yml",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_it_answers_in_writing_and_by_voice(installed: Installed) -> None:
    written = installed.run("run", "--provider", "local", "--text", said="what is seven times eight\n")
    assert written.returncode == 0, written.stderr
    assert "56" in written.stdout
    spoken = installed.run("run", "--provider", "local", "--backend", "virtual", "--duration", "1")
    assert spoken.returncode == 0, spoken.stderr


@pytest.mark.parametrize(
    ("command", "code", "shown"),
    [
        ("--version", 0, "voice"),
        ("devices", 0, "virtual"),
        ("doctor", None, "kernels"),
        ("bench dsp --quick", 0, "meter"),
        ("tools", 0, "get_time"),
        ("config show", 0, "keys."),
    ],
)
def test_its_commands_work(installed: Installed, command: str, code: int | None, shown: str) -> None:
    run = installed.run(*command.split())
    assert code is None or run.returncode == code, run.stderr
    assert shown in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
