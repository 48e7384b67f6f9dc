"""A Debian made for a test by `.ci/debian`, and a copy of the project in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_CANNOT = 69
_LIMIT_S = 3600


def copy_of_the_project(folder: Path) -> Path:
    """What git knows or would take, in an empty folder."""
    names = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(["git", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def run_in(suite: str, packages: str, person: str, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command there as a person, in a folder that becomes theirs; skip where no such system can be made."""
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("only root can make a Debian to try things in")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *((0, 0) if person == "root" else (1000, 1000)), follow_symlinks=False)
    run = subprocess.run(
        [ROOT / ".ci" / "debian", suite, packages, person, *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    if run.returncode == _CANNOT:
        pytest.skip(run.stdout.strip())
    return run
