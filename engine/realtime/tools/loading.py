"""Tools from elsewhere: `MODULE:OBJECT` of the person's own, and those that installed packages bring.

A package offers tools through the entry-point group `voice.tools`; its value names a function, a `Tool`, or a sequence
of both:

    [project.entry-points."voice.tools"]
    lights = "my_package.lights:TOOLS"

They are offered where a session names them (`tools=["lights"]`) or `enabled = ["lights"]` stands under `[tools]` in the
configuration. Installing a package alone gives no model anything to call.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import PureWindowsPath
from typing import Any

from engine.errors import InvalidInputError, VoiceError
from engine.plugins import find_plugin, package_of, registered_names
from engine.realtime.tools.tool import Tool, tool_of
from engine.redaction import Scrubber, plain_words, secrets_of_environment

GROUP = "voice.tools"
_LOOKED_FOR = "MODULE:OBJECT is looked for where `import` looks: write it as a program would import it."
_FILE = re.compile(r"(?P<path>.*[/\\].*?|.*\.py)(:(?P<attribute>[\w.]*))?")
"""The path of a file; Windows has a colon in it, and both kinds of slashes."""
_IMPORTING = (__file__, importlib.__file__, importlib.metadata.__file__)


def tools_named(reference: str) -> list[Tool]:
    """Load the tools behind a name: a plugin's, or `MODULE:OBJECT`.

    Raises:
        InvalidInputError: there is nothing behind it, or it fails.
    """
    if ":" in reference:
        return load_tools(reference)
    point = find_plugin(GROUP, reference, f"There are no tools called {reference!r}.")
    try:
        return tools_in(_loaded(point), point.value)
    except VoiceError as error:
        what, fix = f"The plugin '{reference}' has no tools: {error.message}", f"Update or remove {package_of(point)}."
        raise InvalidInputError(what, fix=fix) from None


def load_tools(reference: str) -> list[Tool]:
    """Load what a reference `MODULE:OBJECT` names: a `Tool`, a function, or a sequence of both.

    Raises:
        InvalidInputError: there is no such module or object, it fails to load, or it is no tool.
    """
    module_name, attribute = _split(reference)
    try:
        found = importlib.import_module(module_name)
        for name in attribute.split("."):
            found = getattr(found, name)
    except (Exception, SystemExit) as error:  # a person's module may fail in any way
        raise _not_loaded(f"The tools '{reference}'", error) from error
    return tools_in(found, reference)


def plugin_names() -> list[str]:
    """Names of all entry points of the group."""
    return registered_names(GROUP)


def package_bringing(name: str) -> str:
    """Name of the package that brings a plugin; nothing where nobody does."""
    return package_of(find_plugin(GROUP, name, "")) if name in plugin_names() else ""


def require_findable(reference: str, folders: Sequence[str]) -> None:
    """Look whether there is the module of a `MODULE:OBJECT`, without importing anything.

    Args:
        reference: Name of a plugin, which there is, or `MODULE:OBJECT`.
        folders: Places to look in beside those of this program.

    Raises:
        InvalidInputError: there is none.
    """
    if ":" not in reference:
        return
    top = _split(reference)[0].partition(".")[0]
    found = (
        top in sys.modules or importlib.util.find_spec(top) or importlib.machinery.PathFinder.find_spec(top, folders)
    )
    if not found:
        raise _not_loaded(f"The tools '{reference}'", ModuleNotFoundError(f"No module named '{top}'"))


def refuse_file(reference: str) -> None:
    """Refuse the path of a file where a module is wanted, and say what to write in its place.

    Raises:
        InvalidInputError: it is one.
    """
    found = _FILE.fullmatch(reference)
    if found is not None:
        path, attribute = PureWindowsPath(found["path"]), found["attribute"] or "OBJECT"
        raise InvalidInputError(
            f"'{reference}' names a file, and tools are in a module.",
            fix=f"Write {path.stem}:{attribute}, and run it in the folder of {path.name}.",
        )


def _split(reference: str) -> tuple[str, str]:
    refuse_file(reference)
    module_name, _, attribute = reference.partition(":")
    if not module_name or not attribute:
        raise InvalidInputError(f"'{reference}' names no tools.", fix="Write MODULE:OBJECT, such as mytools:TOOLS.")
    return module_name, attribute


def _loaded(point: EntryPoint) -> Any:
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # another's package may fail in any way
        raise _not_loaded(point.value, error) from error


def _not_loaded(what: str, error: BaseException) -> InvalidInputError:
    """The error for a module that fails, with the line of the person's own that did, or for one that is not found."""
    place = _place_of_failure(error)
    scrub = Scrubber(secrets_of_environment(os.environ)).clean
    if isinstance(error, VoiceError):  # a wrong `@tool(...)`
        said, fix = scrub(error.message), scrub(error.fix)
    else:
        # The place of a syntax error is said beside it.
        said = plain_words(type(error)(error.msg) if isinstance(error, SyntaxError) else error, scrub)
        fix = f"Correct {place}." if place else _LOOKED_FOR
    if isinstance(error, ModuleNotFoundError) and place:
        fix = f"Install '{error.name}' in the same environment, or correct {place}."
    where = f", in {place}" if place else ""
    return InvalidInputError(f"{what} cannot be loaded{where}: {said.rstrip('.')}.", fix=fix)


def _place_of_failure(error: BaseException) -> str:
    """File and line of the module that was imported; nothing where it was not found, or lacks the object."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if frame.filename not in _IMPORTING and not frame.filename.startswith("<")]
    if not theirs:
        return ""
    # What the module calls may be a library of others: the line that called it can be corrected.
    last = [frame for frame in theirs if frame.filename == theirs[0].filename][-1]
    return f"{last.filename}, line {last.lineno}"


def tools_in(found: Any, reference: str) -> list[Tool]:
    """Return a tool, a function or a sequence of both as tools.

    Raises:
        InvalidInputError: it is something else, or a function that cannot be a tool.
    """
    entries = list(found) if isinstance(found, Sequence) else [found]
    tools = [entry if isinstance(entry, Tool) else _tool_of_entry(entry, reference) for entry in entries]
    names = [tool.name for tool in tools]
    if len(names) != len(set(names)):
        raise InvalidInputError(
            f"Two tools of '{reference}' have the same name.", fix='Give one of them another name: @tool(name="...").'
        )
    return tools


def _tool_of_entry(entry: Any, reference: str) -> Tool:
    if not inspect.isroutine(entry):
        raise InvalidInputError(
            f"'{reference}' has {type(entry).__name__} where a function was expected.",
            fix="Name a function, or a list of functions.",
        )
    return tool_of(entry)
