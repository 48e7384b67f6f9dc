"""Parts of the manual that are read from the code: the help of the commands, and the public names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from types import ModuleType
from typing import Any, ClassVar

import typer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.util.docutils import SphinxDirective

from cli.app import COMMANDS, app, load_command
from cli.commands.bench_history import history_command
from cli.help import described, usage
from engine import _HOMES, Session

_BLOCK = re.compile(r"^(\S.*)\n\n(?= {4}\S)", re.MULTILINE)
"""A paragraph with an indented one after it: the code that a docstring shows."""
_PLURAL = re.compile(r"(`[^`\n]+`)(?=[a-z])")
"""A word in backticks with an ending."""
_DESCRIBED = {
    False: ".. autofunction:: engine.{name}\n",
    True: ".. autoclass:: engine.{name}\n   :members:\n   :special-members: __aenter__, __anext__\n"
    "   :exclude-members: type\n",
}
_OPTION = re.compile(r"`[^`]*`|(?<![\w-])(--[a-z][a-z-]*)")
"""An option in a sentence, where it is not in backticks already."""


class CommandHelp(SphinxDirective):
    """The help of a command and of its subcommands: usage, description and options."""

    required_arguments: ClassVar[int] = 1
    final_argument_whitespace: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Return what the command says of itself, with a section for each of its subcommands."""
        name = self.arguments[0]
        command, context = _found(name)
        found = self._parsed(name, command, context)
        for subname, subcommand in getattr(command, "commands", {}).items() if name != "voice" else ():
            title = f"{name} {subname}"
            section = nodes.section("", nodes.title(title, title), ids=[nodes.make_id(title)], names=[title])
            self.state.document.note_explicit_target(section)
            below = subcommand.context_class(subcommand, info_name=subname, parent=context)
            section += self._parsed(title, subcommand, below)
            found.append(section)
        return found

    def _parsed(self, name: str, command: Any, context: Any) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(_described(name, command, context)))


class PublicNames(SphinxDirective):
    """Public names of `engine` from one module, in the order of its source."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """Return the description of each name."""
        home = import_module(self.arguments[0])
        names = sorted((name for name in _HOMES if _HOMES[name] == home.__name__), key=lambda name: _line(home, name))
        entries = "\n".join(_DESCRIBED[inspect.isclass(getattr(home, name))].format(name=name) for name in names)
        return self.parse_text_to_nodes(f"```{{eval-rst}}\n{entries}\n```")


def _line(home: ModuleType, name: str) -> int:
    return inspect.getsourcelines(getattr(home, name))[1]


def _found(name: str) -> tuple[Any, Any]:
    """Return the command that a person calls so, and its context."""
    command: Any = typer.main.get_command(app)
    context = command.context_class(command, info_name="voice")
    for word in name.split()[1:]:
        command = history_command() if word == "history" else load_command(word)
        context = command.context_class(command, info_name=word, parent=context)
    return command, context


def _described(name: str, command: Any, context: Any) -> Iterator[str]:
    """Yield lines of Markdown."""
    yield f"```text\n{name} {usage(command, context)}\n```\n"
    yield from (f"{_marked(paragraph)}\n" for paragraph in (command.help or "").split("\n\n"))
    yield f"```{{program}} {name}\n```\n"
    options = [entry for entry in command.get_params(context) if entry.help and entry.name != "help"]
    for panel, entries in groupby(options, key=lambda entry: entry.rich_help_panel):
        if panel:
            yield f"**{panel}**\n"
        for entry in entries:
            names, words = described(entry)
            yield f"````{{option}} {names}\n{_marked(words)}\n````\n"
    if name == "voice":
        yield from (f"`voice {subname}`\n: {summary}\n" for subname, summary in COMMANDS.items())
    if command.epilog:
        yield f"```text\n{command.epilog.removeprefix(chr(8)).strip()}\n```\n"


def _marked(words: str) -> str:
    return _OPTION.sub(lambda found: f"`{found[1]}`" if found[1] else found[0], words)


def as_restructured_text(sphinx: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Mark code in a docstring, and read its sections; what describes an attribute has none, but may have a colon."""
    text = _PLURAL.sub(r"\1\\ ", _BLOCK.sub(r"\1\n\n::\n\n", "\n".join(lines)))
    if what not in ("attribute", "property"):
        text = str(GoogleDocstring(text, Config(), sphinx, what, name, value, options))
    lines[:] = text.split("\n")


def shortened(_app: Sphinx, _what: str, _name: str, value: Any, _options: Any, signature: str, result: str) -> Any:
    """Say once what the options of a session are."""
    return ("(**options)", result) if value is Session else (signature, result)


def setup(sphinx: Sphinx) -> dict[str, bool]:
    """Add them to a build."""
    sphinx.add_directive("voice-command", CommandHelp)
    sphinx.add_directive("public-names", PublicNames)
    sphinx.connect("autodoc-process-docstring", as_restructured_text)
    sphinx.connect("autodoc-process-signature", shortened)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
