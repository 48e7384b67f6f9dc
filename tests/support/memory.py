"""Resident memory of a process, where the system shows it as Linux does."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def resident_mb(process: int | str = "self") -> float:
    """Return a process's memory in MB, by its id; 0 where the system does not show it."""
    statm = Path(f"/proc/{process}/statm")
    if sys.platform == "win32" or not statm.exists():
        return 0.0
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
