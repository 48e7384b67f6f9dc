"""Folders of the person's own tools: `MODULE:OBJECT` is looked for in the current one, or beside the configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.config import Config, config_path


@contextmanager
def tool_folders(asked: Iterable[object], config: Config) -> Iterator[None]:
    """Search the current folder first where the person asks for a module now, as `python -m` does.

    A module that the configuration enables is looked for beside the configuration: the current folder may be anybody's.
    Behind the block both are searched last, so that nothing in them takes the place of a library that is loaded later.
    """
    wanted = ((config.tools.enabled, config_path().parent), (asked, Path.cwd()))
    folders = [str(folder) for names, folder in wanted if any(":" in str(name) for name in names)]
    new = [folder for folder in folders if folder not in sys.path]
    sys.path[:0] = new
    try:
        yield
    finally:
        for folder in new:
            sys.path.remove(folder)
            sys.path.append(folder)
