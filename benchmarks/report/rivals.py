"""Rivals that are not installed with this project: one that is missing is named and skipped."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def find_rival(module: str) -> Any | None:
    """Import a module by name; None where it is not installed.

    Example:
        >>> find_rival("json").dumps(1)
        '1'
        >>> find_rival("no_such_rival") is None
        True
    """
    try:
        return import_module(module)
    except ImportError:
        return None
