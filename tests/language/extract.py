"""Messages for the catalogue, as they stand in the code: whatever reads like words for a person.

Nothing has to be marked, but for single words (`word`, `counted`). A constant or an f-string is a message if it has two
words beside each other, or a word beside a field. An f-string with alternatives, as in `{'a' if ... else 'b'}`, is one
message for each of them. Left out is what only programmers or models read: docstrings, logs, the files of `UNSEEN`.
"""

from __future__ import annotations

import ast
import errno
import inspect
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from typer.main import get_command

from cli.app import COMMANDS, app, load_command
from cli.commands.bench_history import history_command
from cli.errors import on_command_line
from cli.help import help_texts
from cli.language.catalogue import AROUND, FIELD, JOINTS, is_number
from engine.local.faults.plan import listing
from engine.realtime.tools.builtin import BUILT_IN
from tests.language.words_of_others import TYPER_ERRORS, WORDS

ROOT = Path(__file__).parent.parent.parent
FLOORS = ("cli", "engine", "backends", "benchmarks")
UNSEEN = (
    "engine/__init__.py",
    "engine/audio/device/conformance.py",
    "engine/audio/kernels/",
    "engine/local/answering/",
    "engine/local/faults/connection.py",
    "engine/local/faults/events.py",
    "engine/local/hearing/",
    "engine/local/items.py",
    "engine/local/protocol/",
    "engine/local/script_player.py",
    "engine/local/session.py",
    "engine/realtime/conversation/answers.py",
    "engine/realtime/conversation/history.py",
    "engine/realtime/conversation/resume.py",
    "engine/realtime/testing/",
    "engine/realtime/tools/builtin.py",
    "engine/realtime/tools/host/__main__.py",
    "engine/realtime/tools/mcp/content.py",
    "engine/realtime/tools/printed.py",
    "engine/realtime/tools/results.py",
    "engine/realtime/tools/runner.py",
    "engine/realtime/tools/threads.py",
    "engine/realtime/tools/weather.py",
    "engine/realtime/tools/world_time.py",
    "benchmarks/rigs/loads.py",
)
"""Files with words for a model, for a client of the embedded server, or for whoever writes a test."""
UNSEEN_NAMES = {"QUESTIONS", "_PHRASES", "_ENGLISH", "_OURS"}
"""Constants with words for a model, or for the catalogue."""
SHOWN_ENUMS = {"Activity", "Direction", "Judgement", "Priority", "Signal", "Speaker", "Stage", "Trouble", "Verdict"}
"""Enumerations whose values people see."""
MARKERS = {"translated", "word"}
_WORDS = re.compile(r"(?:\b[Aa]|[A-Za-z]{2,})['’]?[,;:.]? [\"'`(\[]?[A-Za-z(]")
_WORD_BY_FIELD = re.compile(r"[A-Za-z]{2,}[,;:.)]* | [(]?[A-Za-z]{2,}")
_CODE = re.compile(
    r"int32\(|upper left$|DejaVu|numpy, |(import|from) \w|[\w.]+ = |voice:? ?(run --url )?\{|(bold|dim|strike) \w+$|\^"
)
_UNSEEN_CALLS = re.compile(r"_?log(ger|ging)?\.|re\.compile")
_IN_PAGE = re.compile(r'\b_\("([^"]+)"')
_LETTER = re.compile("[A-Za-z]")
_MOST_VARIANTS = 12
_SYSTEM_ERRORS = "ENOENT EACCES EPERM EISDIR ENOTDIR EEXIST ENOSPC EROFS EFBIG EIO EPIPE ECONNREFUSED ECONNRESET"
_SYSTEM_ERRORS += " ETIMEDOUT EHOSTUNREACH ENETUNREACH EADDRINUSE EADDRNOTAVAIL ELOOP ENAMETOOLONG ENXIO"

Message = str | tuple[str, str]
"""A text, or one thing and several."""


def messages() -> Iterator[tuple[Message, str]]:
    """Yield every message, and the file that has it."""
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(UNSEEN):
                for message in _of_module(ast.parse(path.read_text(encoding="utf-8"))):
                    yield message, name
        for path in sorted((ROOT / floor).rglob("*.j2")):
            for found in _IN_PAGE.findall(path.read_text(encoding="utf-8")):
                yield re.sub(r"%(\.\d+f)", r"{value:\1}", found), path.relative_to(ROOT).as_posix()
    for message in _of_help():
        yield message, "cli/commands"
    for tool in BUILT_IN.values():
        yield tool.description.split("\n")[0], "engine/realtime/tools"
    for _, meaning in listing():
        yield meaning, "engine/local/faults"
    for text in (*TYPER_ERRORS, *WORDS):
        yield text, "tests/language/words_of_others.py"
    for joint in JOINTS.values():
        yield joint.strip(), "cli/language/catalogue.py"
    for name in _SYSTEM_ERRORS.split():
        yield os.strerror(getattr(errno, name)), "errno"


def _of_help() -> Iterator[str]:
    commands: list[Any] = [get_command(app), history_command(), *map(load_command, COMMANDS)]
    while commands:
        command = commands.pop()
        commands += list(getattr(command, "commands", {}).values())
        context = command.context_class(command, info_name="voice")
        for text in help_texts(command, context):
            yield (text if "\b" in text else inspect.cleandoc(text)).strip(AROUND)


def _of_module(tree: ast.Module) -> Iterator[Message]:
    unseen = set(map(id, _unseen(tree)))
    seen = [node for node in ast.walk(tree) if id(node) not in unseen]
    marked: set[int] = set()
    for node in seen:
        match node:
            case ast.Call(ast.Name("counted"), [_, ast.Constant(str(thing)) as counted]):
                unseen.add(id(counted))
                yield thing, f"{thing}s"
            case ast.Call(ast.Name("map"), [ast.Name(name), things]) if name in MARKERS:
                marked |= set(map(id, _leaves(things)))
            case ast.Call(ast.Name(name), [thing, *_]) if name in MARKERS:
                marked |= set(map(id, _leaves(thing)))
            case ast.ClassDef(name) if name in SHOWN_ENUMS:
                marked |= {id(entry.value) for entry in node.body if isinstance(entry, ast.Assign)}
    for node in seen:
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in unseen:
            for variant in variants(node):
                message = on_command_line(re.sub(r"`(\{\w+\})=`", r"--\1", variant)).strip(AROUND)
                if reads_like_words(message) or (id(node) in marked and _LETTER.search(FIELD.sub("", message))):
                    yield message


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the texts that an expression may be, or be made of."""
    match node:
        case ast.IfExp(_, one, other) | ast.BinOp(one, _, other):
            yield from (*_leaves(one), *_leaves(other))
        case ast.Tuple(parts):
            yield from parts
        case _:
            yield node


def _unseen(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield docstrings, logs, patterns, and the parts of f-strings that are messages of their own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.Call) and re.match(
            r"_?log(ger|ging)?\.|re\.compile|getLogger", ast.unparse(node.func)
        ):
            yield from ast.walk(node)
        elif isinstance(node, ast.JoinedStr):
            for part in node.values:
                if isinstance(part, ast.Constant):
                    yield part
                elif isinstance(part, ast.FormattedValue):
                    yield from ast.walk(part.format_spec) if part.format_spec else ()
                    if len(variants(node)) > 1:
                        yield from _alternatives(part.value)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in UNSEEN_NAMES:
            yield from ast.walk(node)
        elif isinstance(node, ast.Subscript):
            yield node.slice


def _alternatives(node: ast.expr) -> Iterator[ast.AST]:
    if isinstance(node, ast.IfExp):
        for branch in (node.body, node.orelse):
            if isinstance(branch, ast.Constant | ast.JoinedStr):
                yield branch
            yield from _alternatives(branch)


def variants(node: ast.expr) -> list[str]:
    """Return the messages of a constant or an f-string, with a named field for each value.

    Example:
        >>> variants(ast.parse("f'{side.device} is {\"in\" if x else \"out\"}'", mode="eval").body)
        ['{device} is in', '{device} is out']
    """
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    texts = [_named(parts) for parts in _combined(node, alternatives=True)]
    return texts if len(texts) <= _MOST_VARIANTS else [_named(parts) for parts in _combined(node, alternatives=False)]


def _combined(node: ast.expr, *, alternatives: bool) -> list[list[str | ast.FormattedValue]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [[node.value]]
    if not isinstance(node, ast.JoinedStr):
        return [[ast.FormattedValue(node, -1)]]
    choices: list[list[list[str | ast.FormattedValue]]] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.IfExp) and alternatives:
            choices.append(
                [found for branch in _branches(part.value) for found in _combined(branch, alternatives=True)]
            )
        elif isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Constant) and part.value.value == "":
            choices.append([[]])  # padding
        elif isinstance(part, ast.FormattedValue):
            choices.append([[part]])
        else:
            assert isinstance(part, ast.Constant) and isinstance(part.value, str)
            choices.append([[part.value]])
    return [list(itertools.chain(*found)) for found in itertools.product(*choices)]


def _branches(node: ast.expr) -> list[ast.expr]:
    return [*_branches(node.body), *_branches(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _named(parts: Sequence[str | ast.FormattedValue]) -> str:
    taken: set[str] = set()
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part.replace("{", "{{").replace("}", "}}")
            continue
        name = number = _name(part.value)
        for count in itertools.count(2):
            if number not in taken:
                break
            number = f"{name}{count}"
        taken.add(number)
        spec = "".join(
            str(each.value) for each in getattr(part.format_spec, "values", ()) if isinstance(each, ast.Constant)
        )
        text += f"{{{number}:{spec}}}" if is_number(spec) else f"{{{number}}}"
    return text


def _name(node: ast.expr) -> str:
    """The last name of an expression."""
    match node:
        case ast.Name(name) | ast.Attribute(_, name) if name != "value":
            return name.strip("_").lower() or "value"
        case ast.Subscript(_, ast.Constant(str(key))) if key.isidentifier():
            return key
        case ast.Call(ast.Attribute(ast.Constant(str(joint)), "join"), [inner]) if joint in JOINTS.values():
            return f"{joint.strip().replace(' ', '_')}_{_name(inner)}"
        case ast.Call(ast.Name("_listed"), [inner]):
            return f"and_{_name(inner)}"
        case (
            ast.Attribute(inner, "value")
            | ast.Call(ast.Attribute(ast.Constant(), _), [inner, *_])
            | ast.Call(ast.Name(), [inner, *_])
            | ast.Call(ast.Attribute(inner, _))
            | ast.Call(inner)
            | ast.BinOp(ast.Constant(), _, inner)
            | ast.Subscript(inner)
            | ast.BinOp(inner)
            | ast.UnaryOp(_, inner)
            | ast.BoolOp(_, [inner, *_])
            | ast.GeneratorExp(inner)
        ):
            return _name(inner)
    return "value"


def reads_like_words(message: str) -> bool:
    """Whether a message is for a person.

    Example:
        >>> reads_like_words("Name a file."), reads_like_words("{count} of them"), reads_like_words("audio.input")
        (True, True, False)
    """
    if _CODE.match(message):
        return False
    fields = [field for field in FIELD.finditer(message) if field["name"]]
    bare = FIELD.sub("0", message)
    if any(is_number(field["format"]) for field in fields) and re.search("[A-Za-z]", bare):
        return True
    return re.search(_WORD_BY_FIELD if fields else _WORDS, bare) is not None
