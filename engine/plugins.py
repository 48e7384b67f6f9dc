"""Plugins: parts of the engine that installed packages register as entry points; and packages it can do without."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any

from engine.errors import InvalidInputError, LibraryMissingError, choices

_OURS = "voice-realtime"


@functools.cache
def _installed(_path: tuple[str, ...]) -> Any:
    """Read once, as long as packages are looked for in the same places: it takes 15 ms, a session asks four times."""
    return entry_points()


def registered(group: str) -> EntryPoints:
    """Entry points of a group."""
    found: EntryPoints = _installed(tuple(sys.path)).select(group=group)
    return found


def registered_names(group: str) -> list[str]:
    """Names that are registered in a group, sorted."""
    return sorted({point.name for point in registered(group)})


def find_plugin(group: str, name: str, unknown: str, also: Sequence[str] = ()) -> EntryPoint:
    """Return the entry point called `name`; a package that registers one of our names takes nothing from us.

    Args:
        group: Where it is looked for.
        name: As it was registered.
        unknown: Sentence that refuses an unknown name.
        also: Names to put before the registered ones in the advice.

    Raises:
        InvalidInputError: nobody registered that name.
    """
    found = [point for point in registered(group) if point.name == name]
    if not found:
        known = dict.fromkeys([*also, *registered_names(group)])
        raise InvalidInputError(unknown, fix=choices(name, known))
    return next((point for point in found if package_of(point) == _OURS), found[0])


def package_of(point: EntryPoint) -> str:
    """Name of the package that registered it; nothing where that is unknown."""
    return point.dist.name if point.dist is not None else ""


def named(point: EntryPoint) -> str:
    """Name, package and value, for a sentence on its failure."""
    return f"{point.name!r} ({', '.join(filter(None, (package_of(point), point.value)))})"


def optional_package(name: str, purpose: str) -> Any:
    """Import a package of the local agent, which does without one that is missing, or broken.

    Args:
        name: The package's.
        purpose: Subject of the sentence that says what lacks without it.

    Raises:
        LibraryMissingError: it is not installed; or it fails, as those do that were built for another system.
    """
    try:
        return import_module(name)
    except ImportError:
        why = "is not installed"
    except Exception as error:  # another's package may fail in any way
        why = f"fails: {type(error).__name__}: {error}"
    raise LibraryMissingError(f"{purpose} needs {name}, which {why}.", fix='Run `pip install "voice-realtime[local]"`.')
