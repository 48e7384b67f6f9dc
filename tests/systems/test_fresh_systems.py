"""`make run` on systems that were never used: it ends in a program that works, or in one sentence with the command."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from tests.systems.debian import copy_of_the_project, run_in

pytestmark = [pytest.mark.long, pytest.mark.timeout(5400)]
SUITES = ("bookworm", "trixie", "sid")
COMPILER = "gcc libc6-dev"
PYTHON = "python3 python3-venv"
EVERYTHING = f"{PYTHON} python3-dev {COMPILER} portaudio19-dev libportaudio2"
WITHOUT_WHEEL = {"sid": "pocketsphinx PyAudio"}
REMEDY = re.compile(r"run:  su -c 'apt-get install ([a-z0-9 .-]+)' && make -B run$")
MOST_LINES = 50
"""The demonstration takes half of them. Whatever is longer is the output of some tool that nobody wants to read."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project."""
    return copy_of_the_project(tmp_path)


@pytest.mark.parametrize(("suite", "packages"), list(product(SUITES, ("", COMPILER))))
def test_root_gets_all_that_is_missing(suite: str, packages: str, project: Path) -> None:
    run = run_in(suite, packages, "root", project, "sh", "-c", "make run && .venv/bin/voice backends")
    shows_itself(run.returncode, run.stdout)
    assert not re.search(r"going on without|lacks", run.stdout, re.IGNORECASE)
    assert len(re.findall(r"does not work: This system has no input device", run.stdout)) == 2, "both find PortAudio"


@pytest.mark.parametrize("suite", SUITES)
def test_a_person_without_a_compiler_goes_on_without_what_needs_one(suite: str, project: Path) -> None:
    run = run_in(suite, PYTHON, "person", project, "make", "run")
    shows_itself(run.returncode, run.stdout)
    lacking, kept_away = [line for line in run.stdout.splitlines() if "oing on without" in line]
    assert "lacks: compiler" in lacking
    assert f"going on without {WITHOUT_WHEEL.get(suite, 'PyAudio')}: no wheel" in kept_away
    assert named(lacking) == named(kept_away) == set(EVERYTHING.split()) - set(PYTHON.split())


@pytest.mark.parametrize("suite", SUITES)
def test_a_person_with_a_compiler_lacks_nothing(suite: str, project: Path) -> None:
    run = run_in(suite, EVERYTHING, "person", project, "make", "run")
    shows_itself(run.returncode, run.stdout)
    assert "oing on without" not in run.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_a_person_without_python_is_told_one_command(suite: str, project: Path) -> None:
    run = run_in(suite, "", "person", project, "make", "run")
    assert run.returncode == 2
    sentence, *rest = run.stdout.splitlines()
    assert "Going on" not in sentence
    assert all(line.startswith("make: ") for line in rest)
    assert named(sentence) == set(EVERYTHING.split())


def shows_itself(code: int, shown: str) -> None:
    """The demonstration of a machine without sound, which the local agent answers, was held."""
    assert code == 0, shown
    assert "3 turns" in shown, shown
    assert "Compiling the audio kernels" in shown
    assert "Traceback" not in shown
    assert len([line for line in shown.splitlines() if line]) < MOST_LINES, shown


def named(sentence: str) -> set[str]:
    """The packages of the command that ends a sentence."""
    command = REMEDY.search(sentence)
    assert command, sentence
    return set(command[1].split())
