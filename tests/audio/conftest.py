"""Fixture of the audio floor's tests: the kernels as LLVM sees them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_DUMP = """
import json
from engine.dsp.compile import build
module = build.link(build.compile_here())
linked = str(module)
build.optimise(module)
print(json.dumps({"linked": linked, "optimised": str(module)}))
"""


@pytest.fixture(scope="session")
def kernel_ir() -> dict[str, str]:
    """LLVM's text of all kernels, as they are linked and as they are optimised; compiled in a process of its own."""
    run = subprocess.run([sys.executable, "-c", _DUMP], capture_output=True, text=True, check=True)
    texts: dict[str, str] = json.loads(run.stdout)
    return texts
