"""A module is looked for in the current folder where the person asks for it now, and nowhere but there and then."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cli.tool_folder import tool_folders
from engine.config import Config
from engine.config_tables import Offer
from tests.support.voice_process import VOICE

ENABLED = replace(Config(), tools=Offer(enabled=("mytools:x",)))


def test_only_a_module_that_is_asked_for_brings_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICE_CONFIG", str(tmp_path / "conf" / "config.toml"))
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", str(tmp_path))])
    for asked, config, first in (
        ((), Config(), None),
        (("get_time",), Config(), None),
        ((), ENABLED, tmp_path / "conf"),
        (("mytools:x",), Config(), tmp_path),
        (("mytools:x",), ENABLED, tmp_path / "conf"),
    ):
        before = list(sys.path)
        with tool_folders(asked, config):
            assert sys.path[0] == (str(first) if first else before[0])
            assert (str(tmp_path) in sys.path) is bool(asked and ":" in asked[0])
        assert sys.path[0] == before[0]
        sys.path[:] = before


def test_a_configured_module_of_a_foreign_folder_is_not_run(tmp_path: Path) -> None:
    foreign, home = tmp_path / "foreign", tmp_path / "home"
    for folder in (foreign, home):
        folder.mkdir()
        (folder / "mytools.py").write_text(f"print('ran in {folder.name}')\ndef lamp() -> None:\n    'Light.'\n")
    (foreign / "engine.py").write_text("print('hijacked')\n")
    (home / "config.toml").write_text("[tools]\nenabled = ['mytools:lamp']\n")
    environ = {**os.environ, "VOICE_CONFIG": str(home / "config.toml")}
    run = subprocess.run([VOICE, "tools"], env=environ, cwd=foreign, capture_output=True, text=True, check=True)
    assert "ran in home" in run.stdout
    assert "foreign" not in run.stdout and "hijacked" not in run.stdout
    assert "lamp" in run.stdout
