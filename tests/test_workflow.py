"""The workflows run what is promised: every Python and system, by commands that exist and with no rights to spare."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml

from cli.app import COMMANDS
from tests.test_floors import ROOT

TEXTS = {
    name: (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8") for name in ("ci", "release")
}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS: dict[str, Any] = WORKFLOWS["ci"]["jobs"]
RELEASE: dict[str, Any] = WORKFLOWS["release"]["jobs"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
STEPS = [(name, step) for jobs in (JOBS, RELEASE) for name, job in jobs.items() for step in job["steps"]]
COMMANDS_RUN = [
    (name, line.strip()) for name, step in STEPS for line in step.get("run", "").splitlines() if line.strip()
]
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")
HASHED = re.compile(r"([\w.-]+==[\w.]+) --hash=sha256:[0-9a-f]{64}")
OF_EVERY_SYSTEM = {"echo", "grep", "test"}
KINDS = {"ubuntu": "x86-64", "ubuntu-arm": "arm64", "macos": "arm64", "macos-intel": "x86-64", "windows": "x86-64"}


def kind_of(runner: str) -> str:
    """A runner's name without its version."""
    return re.sub(r"-\d+(\.\d+)?", "", runner)


def pythons_of(job: dict[str, Any], runner: str) -> set[str]:
    """Pythons on which a job runs there."""
    matrix = job["strategy"]["matrix"]
    left_out = {str(cell["python"]) for cell in matrix.get("exclude", ()) if cell["os"] == runner}
    return set(matrix["python"]) - left_out


def test_every_system_is_there_with_every_python_that_the_makefile_names() -> None:
    listed = re.search(r"^PYTHONS := (.*)$", MAKEFILE, re.MULTILINE)
    assert listed
    promised = set(listed[1].split())
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert oldest in promised
    found = {runner: pythons_of(job, runner) for job in JOBS.values() for runner in job["strategy"]["matrix"]["os"]}
    assert {kind_of(runner) for runner in found} == set(KINDS)
    for runner, pythons in found.items():
        assert oldest in pythons
        assert all(isinstance(python, str) for python in pythons), "3.10 would be the number 3.1"
        assert promised <= pythons, runner
    newest = [name.rpartition(" ")[2] for name in PROJECT["project"].get("classifiers", ()) if " 3." in name]
    assert set(newest) <= found["ubuntu-24.04"]


def test_a_release_is_tried_where_the_tests_run() -> None:
    tried = RELEASE["try"]
    for job in JOBS.values():
        for runner in job["strategy"]["matrix"]["os"]:
            assert runner in tried["strategy"]["matrix"]["os"]
            assert pythons_of(tried, runner) == pythons_of(job, runner), runner


@pytest.mark.parametrize("name", WORKFLOWS)
def test_what_is_left_out_is_explained(name: str) -> None:
    matrices = [job["strategy"]["matrix"] for job in WORKFLOWS[name]["jobs"].values() if "strategy" in job]
    excluded = [cell for matrix in matrices for cell in matrix.get("exclude", ())]
    assert excluded
    for cell in excluded:
        assert re.search(rf"# .+\n +- os: {cell['os']}\n", TEXTS[name]), cell
    assert "windows-11-arm is not here: soxr has no wheel" in TEXTS["ci"]


def test_the_rights_are_the_least() -> None:
    assert WORKFLOWS["ci"]["permissions"] == {"contents": "read"}
    assert not [job for job in JOBS.values() if "permissions" in job]
    assert WORKFLOWS["release"]["permissions"] == {}
    read = {"contents": "read"}
    given = {name: job["permissions"] for name, job in RELEASE.items()}
    assert given == {"build": read, "check": read, "try": {}, "publish": {"id-token": "write"}}
    assert [name for name, job in RELEASE.items() if "environment" in job] == ["publish"]
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(JOBS) + 2
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert all(job["timeout-minutes"] <= 120 for job in (*JOBS.values(), *RELEASE.values()))


def test_actions_do_not_move_and_say_their_version() -> None:
    used = [step["uses"] for _, step in STEPS if "uses" in step]
    assert used
    assert not [action for action in used if not PINNED.fullmatch(action)]
    lines = [line for text in TEXTS.values() for line in text.splitlines() if "uses: " in line]
    assert len(lines) == len(used)
    assert not [line for line in lines if not re.search(r" # v\d+\.\d+\.\d+$", line)]


def test_what_others_name_is_no_part_of_a_command() -> None:
    assert not [line for _, line in COMMANDS_RUN if "${{" in line]


def test_where_a_release_is_built_or_published_all_is_installed_by_its_hash() -> None:
    builders = (ROOT / ".ci" / "build.txt").read_text(encoding="utf-8").splitlines()[1:]
    publishers = [line for name, line in COMMANDS_RUN if name == "publish" and line.startswith("echo ")]
    packages = [*builders, *(shlex.split(line)[1] for line in publishers)]
    hashed = [match[1] for line in packages if (match := HASHED.fullmatch(line))]
    assert len(hashed) == len(packages)
    assert set(hashed) <= set(CONSTRAINTS)
    assert {"hatchling", "uv"} <= {package.partition("==")[0] for package in hashed}
    installs = [line for name, line in COMMANDS_RUN if name in {"build", "publish"} and " pip " in line]
    assert len(installs) == 2
    assert all("install --require-hashes --only-binary :all: -r " in line for line in installs)


def test_what_is_published_is_what_was_built_and_has_passed() -> None:
    assert set(RELEASE["publish"]["needs"]) == set(RELEASE) - {"publish"}
    assert RELEASE["check"]["needs"] == RELEASE["try"]["needs"] == "build"
    built = [line for name, line in COMMANDS_RUN if name == "build"]
    assert len(built) == 4, "nothing runs beside pip and hatchling where it is built"
    sums = [line for name, line in COMMANDS_RUN if "sha256sum dist/* | sha256sum" in line and name != "check"]
    assert sums == [built[3], next(line for name, line in COMMANDS_RUN if name == "publish")]


@pytest.mark.parametrize(("job", "line"), COMMANDS_RUN, ids=lambda value: value[:40])
def test_a_command_that_is_run_exists(job: str, line: str) -> None:
    words = list(shlex.shlex(line, posix=True, punctuation_chars=True))
    while "|" in words:
        assert_exists(words[: words.index("|")])
        words = words[words.index("|") + 1 :]
    assert_exists(words)
    extras = re.search(r"[.)]\[([\w,]+)\]", line)
    assert not extras or set(extras[1].split(",")) <= set(PROJECT["project"]["optional-dependencies"])


def assert_exists(command: list[str]) -> None:
    """It is one of ours, of a package that is installed before, or of every system."""
    first, *rest = command
    match first:
        case "voice":
            assert rest[0] in {*COMMANDS, "--version"}
        case "python":
            assert rest[0] == "-m"
            assert rest[1] in {"venv", "pip", "pytest", "hatchling"}
        case "uv":
            assert rest[0] == "publish"
        case "make":
            assert f"\n{rest[0]}: " in MAKEFILE
        case _:
            assert first in OF_EVERY_SYSTEM or (ROOT / first).is_file(), command


def test_each_job_installs_compiles_and_tests() -> None:
    by_job = {name: [line for job, line in COMMANDS_RUN if job == name] for name in JOBS}
    assert ".ci/run" in by_job["linux"]
    others = by_job["others"]
    assert others[1:3] == ["voice warmup", "voice backends"]
    selected = re.search(r'-m "(.+)"', others[-1])
    assert selected
    declared = {line.partition(":")[0] for line in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    assert set(re.findall(r"\w+", selected[1])) - {"not", "or", "and"} <= declared
    assert "tests/" not in others[-1], "what needs more than a system has says so itself"


def test_types_are_checked_for_every_system_that_the_workflow_has() -> None:
    systems = re.search(r"^SYSTEMS := (.*)$", MAKEFILE, re.MULTILINE)
    assert systems
    assert set(systems[1].split()) == {"darwin", "win32"}
    check = MAKEFILE.partition("\ncheck:")[2].partition("\n\n")[0]
    assert "types $(SYSTEMS:%=types-%)" in check
    assert "test: check" in MAKEFILE
