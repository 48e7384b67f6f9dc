"""Size and start-up times of a release beside the last one's: `python -m tests.packages.figures WHEEL [--save]`.

Times are also given in starts of an empty Python, each measured in turns with ours: machines differ, and so does the
rest of their work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.packages.installed import Installed, install

RELEASES = Path(__file__).with_name("releases.json")
_ROUNDS = 12
_EMPTY = "empty Python"
_STARTS = {
    "--version": ("--version",),
    "--help": ("--help",),
    "devices": ("devices",),
    "a silent session": ("run", "--provider", "local", "--backend", "virtual", "--text"),
}


def measure(wheel: Path, installed: Installed) -> dict[str, float]:
    """Sizes of a release in MB, and times of its commands in ms: the least of several runs."""
    files = [path for path in installed.packages.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    figures = {
        "wheel_mb": wheel.stat().st_size / 1e6,
        "installed_mb": sum(path.stat().st_size for path in files) / 1e6,
        "distributions": len(list(installed.packages.glob("*.dist-info"))),
        "first_warmup_ms": _took_ms([str(installed.voice), "warmup"], installed),
    }
    python = str(next(installed.packages.parents[2].glob("bin/python")))
    commands = {_EMPTY: [python, "-c", "pass"]} | {
        name: [str(installed.voice), *arguments] for name, arguments in _STARTS.items()
    }
    rounds = [{name: _took_ms(command, installed) for name, command in commands.items()} for _ in range(_ROUNDS)]
    figures |= {f"{name}_ms": min(took[name] for took in rounds) for name in commands}
    return {name: round(value, 2) for name, value in figures.items()}


def _took_ms(command: list[str], installed: Installed) -> float:
    began = time.perf_counter()
    subprocess.run(
        command,
        cwd=installed.folder,
        env=installed.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return (time.perf_counter() - began) * 1e3


def table(version: str, ours: dict[str, float], before: str, theirs: dict[str, float]) -> str:
    """Lines of a release's figures beside another's."""
    lines = [f"{'':24}{before:>20}{version:>20}"]
    for name, value in ours.items():
        lines.append(f"{name:24}{_shown(name, theirs):>20}{_shown(name, {**ours, name: value}):>20}")
    return "\n".join(lines)


def _shown(name: str, figures: dict[str, float]) -> str:
    if name not in figures:
        return "-"
    starts = figures[name] / figures[f"{_EMPTY}_ms"]
    return f"{figures[name]:g}" + (f" ({starts:.1f} starts)" if name.endswith("_ms") else "")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure a wheel, print its figures beside those of the release before, and keep them with `--save`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args(arguments)
    wheel: Path = options.wheel.absolute()
    version = wheel.name.split("-")[1]
    releases: dict[str, dict[str, float]] = json.loads(RELEASES.read_text(encoding="utf-8"))
    earlier = [name for name in releases if name != version] or [version]
    with tempfile.TemporaryDirectory() as folder:
        ours = measure(wheel, install("pipx", wheel, Path(folder)))
    sys.stdout.write(table(version, ours, earlier[-1], releases.get(earlier[-1], {})) + "\n")
    if options.save:
        releases[version] = ours
        RELEASES.write_text(json.dumps(releases, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
