"""The help of the commands at every width: names whole, values by their kind, nothing of Python's."""

from __future__ import annotations

import re

import pytest

from cli.app import COMMANDS
from tests.cli.run.test_virtual import environment
from tests.language.test_commands import BELOW
from tests.support.command_lines import run_lines

__all__ = ["environment"]

PYTHONS = re.compile(r"<\w+|\[\[|[{}]\w|pydoc|\N{HORIZONTAL ELLIPSIS}")


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_help_fits_the_terminal_and_cuts_no_name(environment: dict[str, str], columns: int) -> None:
    lines = [f"{command} --help" for command in ["", *COMMANDS, *BELOW]]
    for line, shown in run_lines(lines, {**environment, "COLUMNS": str(columns)}).items():
        description = shown.stdout.split("\nA script (TOML")[0]
        assert "Show this message and exit." in description, line
        assert not PYTHONS.search(description), line
        assert max(map(len, description.splitlines())) < columns, line


def test_an_option_is_shown_with_its_value_limits_and_default(environment: dict[str, str]) -> None:
    shown = run_lines(["run --help", "serve --help", "config get --help"], {**environment, "COLUMNS": "100"})
    assert re.search(r"^  --volume DB +Gain of the speaker in dB\. \(-60 to 20\)$", shown["run --help"].stdout, re.M)
    assert re.search(r"^  --duration S +End .*\. \(0\.1 or more\)$", shown["run --help"].stdout, re.M)
    assert re.search(r"^  --mute  +\S", shown["run --help"].stdout, re.M)
    assert re.search(r"\(0 to 65535; default: 8765\)$", shown["serve --help"].stdout, re.M)
    assert "Usage: voice config get [OPTIONS] KEY\n" in shown["config get --help"].stdout


@pytest.mark.parametrize("line", ["", "config"])
def test_a_command_that_lacks_another_shows_its_help(environment: dict[str, str], line: str) -> None:
    shown = run_lines([line, f"{line} --help"], environment)
    assert shown[line].stdout == shown[f"{line} --help"].stdout != ""
