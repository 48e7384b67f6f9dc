"""The current folder as a place of tools: `--tools MODULE:OBJECT` is looked for there first, as `python -m` does."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from engine.config import Config


def search_current_folder(asked: Iterable[object], config: Config) -> None:
    """Search it, if a module is named at all: else nothing that lies there is ever imported."""
    names = (*asked, *config.tools.enabled)
    folder = str(Path.cwd())
    if folder not in sys.path and any(":" in str(name) for name in names):
        sys.path.insert(0, folder)
