"""The two distributions of a release, and the program that is installed from one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages.installed import INSTALLERS, Installed, install

ROOT = Path(__file__).parents[2]
DIST = "VOICE_DIST"
"""The environment variable that names a folder with the distributions to be tested; without it they are built."""


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel and the source distribution."""
    if given := os.environ.get(DIST):
        return Path(given).absolute()
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    """The wheel's file."""
    return next(distributions.glob("*.whl"))


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """The path of a command that `make package` installs; without it the test is skipped, but fails in CI."""

    def found(name: str) -> Path:
        path = Path(sys.executable).with_name(name)
        if not path.exists():
            reason = f"there is no {name} here: `make package` installs it"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return found


@pytest.fixture(scope="session", params=INSTALLERS)
def installed(
    request: pytest.FixtureRequest, tool: Callable[[str], Path], wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """The program, installed in an empty home by each of the installers."""
    tool(request.param)
    return install(request.param, wheel, tmp_path_factory.mktemp(request.param))
