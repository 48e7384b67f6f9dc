"""The tests pass where the parent ignores SIGINT, as a script's background job does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_IGNORING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to ignore")
def test_a_program_that_a_test_starts_can_be_interrupted() -> None:
    test = "tests/cli/test_start_up.py::test_ctrl_c_while_it_loads_is_no_traceback"
    pytest_run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    run = subprocess.run(
        [sys.executable, "-c", _IGNORING, *pytest_run], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
