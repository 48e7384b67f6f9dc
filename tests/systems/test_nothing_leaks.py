"""What a command in a Debian of `.ci/debian` writes outside its folder is gone afterwards, here and in that Debian."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.systems.debian import run_in

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
SETTINGS = ("etc/pip.conf", "etc/xdg/pip", "etc/apt/apt.conf.d/90host")
WRITE = """
for file in /etc/ssl/certs/ca-certificates.crt /etc/xdg/pip/left-behind /etc/pip.conf /dev/left-behind /etc/left-behind
do
    mkdir -p ${file%/*}
    echo written >$file
done
echo 0 >/proc/sys/vm/swappiness && exit 1
touch here build/left-behind
"""


def test_what_is_written_stays_in_the_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    before = BUNDLE.read_bytes() if BUNDLE.exists() else b""
    run = run_in("bookworm", "", "root", folder, "sh", "-c", WRITE)
    assert run.returncode == 0, run.stdout
    assert (folder / "here").exists()
    assert not list((folder / "build").iterdir())
    assert (BUNDLE.read_bytes() if BUNDLE.exists() else b"") == before
    assert not [path for path in ("/etc/xdg/pip", "/dev", "/etc") if (Path(path) / "left-behind").exists()]
    look = "rm build/left-behind; cat /etc/left-behind /etc/pip.conf | grep -c written"
    again = run_in("bookworm", "", "root", folder, "sh", "-c", look)
    assert again.stdout.splitlines()[-1] == "0"


def test_no_system_keeps_the_way_to_packages(tmp_path: Path) -> None:
    run = run_in("bookworm", "gcc libc6-dev", "person", tmp_path, "apt-config", "dump", "Acquire")
    assert run.returncode == 0, run.stdout
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    systems = Path(os.environ.get("VOICE_SYSTEMS") or f"{cache}/voice-systems")
    kept = [path for name in SETTINGS for path in systems.glob(f"bookworm*/{name}")]
    assert (systems / "bookworm").is_dir()
    assert not kept
