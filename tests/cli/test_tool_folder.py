"""A module is looked for in the current folder where the person asks for it now, and nowhere but there and then."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.api.options import SessionOptions
from engine.api.plan import SessionPlan
from engine.config import Config
from engine.config_tables import Offer
from tests.support.voice_process import VOICE

ENABLED = replace(Config(), tools=Offer(enabled=("mytools:x",)))


def test_only_a_module_that_is_asked_for_brings_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mytools.py").touch()
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
        path = SessionPlan(SessionOptions(provider="local", tools=asked, config=config, host="process")).order.path
        assert path[0] == (str(first) if first else sys.path[0])
        assert (str(tmp_path) in path) is bool(asked and ":" in asked[0])
        assert str(tmp_path) not in sys.path


def test_a_configured_module_of_a_foreign_folder_is_not_run(tmp_path: Path) -> None:
    foreign, home = tmp_path / "foreign", tmp_path / "home"
    for folder in (foreign, home):
        folder.mkdir()
        ran = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"
        (folder / "mytools.py").write_text(f"{ran}def lamp() -> None:\n    'Light.'\n")
    (foreign / "engine.py").write_text(ran)
    (home / "config.toml").write_text("[tools]\nenabled = ['mytools:lamp']\n")
    environ = {**os.environ, "VOICE_CONFIG": str(home / "config.toml")}
    run = subprocess.run([VOICE, "tools"], env=environ, cwd=foreign, capture_output=True, text=True, check=True)
    assert (home / "ran").exists()
    assert not (foreign / "ran").exists()
    assert "lamp" in run.stdout
