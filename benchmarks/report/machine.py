"""Description of the machine that the figures are from: a number without it says nothing."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_MEBIBYTE = 1 << 20
_PACKAGES = ("numpy", "numba", "soxr", "aiohttp", "sounddevice", "PyAudio", "orjson", "pybase64", "samplerate")


def describe_machine() -> dict[str, Any]:
    """Return the processor, the system, and the versions that matter to the figures; missing packages are left out.

    `measured_at` is now; `load` is how many programs wanted a core in the last minute, before the benchmarks did.
    """
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **({"load": round(os.getloadavg()[0], 2)} if hasattr(os, "getloadavg") else {}),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "arch": platform.machine(),
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def peak_memory_mb() -> float | None:
    """Return the most that this process has had in memory; None on Windows, which counts it elsewhere."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - of Unix

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MEBIBYTE if sys.platform == "darwin" else peak / 1024
