"""Backends load where Python's library is as poor as on Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.audio.device.registry import AUTO_ORDER

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("backend", AUTO_ORDER)
def test_a_backend_loads_without_what_windows_lacks(backend: str, tmp_path: Path) -> None:
    if find_spec(backend) is None and backend != "virtual":
        pytest.skip(f"{backend} is not installed")
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.as_on_windows", backend],
        cwd=ROOT,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "PULSE_SERVER": f"unix:{tmp_path}/none"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{backend}: ")
