"""The workflow runs what is promised: every Python and system, by commands that exist and with no rights to spare."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml

from cli.app import COMMANDS
from tests.test_floors import ROOT

WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]
COMMANDS_RUN = [
    (name, line.strip()) for name, step in STEPS for line in step.get("run", "").splitlines() if line.strip()
]
PINNED = re.compile(r"[\w.-]+/[\w.-]+@([0-9a-f]{40}|v\d+)")
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
    makefile = re.search(r"^PYTHONS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert makefile
    promised = set(makefile[1].split())
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


def test_what_is_left_out_is_explained() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    excluded = [cell for job in JOBS.values() for cell in job["strategy"]["matrix"].get("exclude", ())]
    assert excluded
    for cell in excluded:
        assert re.search(rf"# .+\n +- os: {cell['os']}\n", text), cell
    assert "windows-11-arm is not here: soxr has no wheel" in text


def test_the_rights_are_the_least_and_actions_do_not_move() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not [job for job in JOBS.values() if "permissions" in job]
    used = [step["uses"] for _, step in STEPS if "uses" in step]
    assert used
    assert not [action for action in used if not PINNED.fullmatch(action)]
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(JOBS)
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert all(job["timeout-minutes"] <= 120 for job in JOBS.values())


@pytest.mark.parametrize(("job", "line"), COMMANDS_RUN, ids=lambda value: value[:40])
def test_a_command_that_is_run_exists(job: str, line: str) -> None:
    first, *rest = shlex.split(line)
    if first == "voice":
        assert rest[0] in COMMANDS
    elif first == "python":
        assert rest[:2] in (["-m", "venv"], ["-m", "pip"], ["-m", "pytest"])
    else:
        assert (ROOT / first).is_file(), line
    extras = re.search(r"\.\[([\w,]+)\]", line)
    assert not extras or set(extras[1].split(",")) <= set(PROJECT["project"]["optional-dependencies"])


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
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    systems = re.search(r"^SYSTEMS := (.*)$", makefile, re.MULTILINE)
    assert systems
    assert set(systems[1].split()) == {"darwin", "win32"}
    check = makefile.partition("\ncheck:")[2].partition("\n\n")[0]
    assert "types $(SYSTEMS:%=types-%)" in check
    assert "test: check" in makefile
