"""Imports go down the floors of the house only, and the command line starts without anything heavy."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.registry import BENCHMARKS
from cli.app import COMMANDS

ROOT = Path(__file__).parent.parent
ALLOWED: dict[str, tuple[str, ...]] = {
    "engine.errors": (),
    "engine.redaction": (),
    "engine.backoff": (),
    "engine.files": (),
    "engine.config_tables": (),
    "engine.plugins": ("engine.errors",),
    "engine.config_path": ("engine.files", "engine.errors"),
    "engine.config_errors": ("engine.config_path", "engine.errors"),
    "engine.daemon_thread": (),
    "engine.key_ring": ("engine.daemon_thread", "engine.redaction", "engine.errors"),
    "engine.config": (
        "engine.config_tables",
        "engine.config_path",
        "engine.config_errors",
        "engine.key_ring",
        "engine.files",
        "engine.redaction",
        "engine.errors",
    ),
    "engine.config_file": (
        "engine.config",
        "engine.config_path",
        "engine.config_errors",
        "engine.files",
        "engine.errors",
    ),
    "engine.dsp": ("engine.dsp", "engine.redaction", "engine.errors"),
    "engine.audio": (
        "engine.audio",
        "engine.daemon_thread",
        "engine.dsp",
        "engine.backoff",
        "engine.files",
        "engine.redaction",
        "engine.plugins",
        "engine.errors",
    ),
    # One vocabulary for the server's scripts and for the session's double: pure, so that both may use it.
    "engine.script": ("engine.script", "engine.files", "engine.errors"),
    "engine.local": (
        "engine.local",
        "engine.dsp",
        "engine.script",
        "engine.realtime.protocol",
        "engine.redaction",
        "engine.plugins",
        "engine.errors",
    ),
    "engine.realtime": (
        "engine.realtime",
        "engine.audio",
        "engine.dsp",
        "engine.script",
        "engine.config",
        "engine.config_tables",
        "engine.redaction",
        "engine.files",
        "engine.backoff",
        "engine.plugins",
        "engine.errors",
    ),
    "engine.api": (
        "engine.api",
        "engine.realtime",
        "engine.local",
        "engine.audio",
        "engine.dsp",
        "engine.config",
        "engine.config_path",
        "engine.files",
        "engine.config_tables",
        "engine.redaction",
        "engine.errors",
    ),
    "backends": ("backends", "engine.audio", "engine.dsp", "engine.errors"),
    "benchmarks": ("benchmarks", "backends", "engine"),
    "cli": ("cli", "benchmarks", "backends", "engine"),
}
_EVENTS = "engine.realtime.session_events"
_PLATFORMS, _CLI_PLATFORMS = "engine.audio.platforms", "cli.platforms"
_TYPES, _RUN_BLOCKING, _CLOCK = "engine.audio.types", "engine.audio.run_blocking", "engine.audio.clock"
ROOMS: dict[str, tuple[str, ...]] = {
    "engine.audio.kernels": (),
    "engine.audio.port": ("engine.audio.kernels", _PLATFORMS, _TYPES),
    "engine.audio.device": ("engine.audio.port", _PLATFORMS, _TYPES, _RUN_BLOCKING),
    "engine.audio.playback": ("engine.audio.port", "engine.audio.kernels", _CLOCK),
    "engine.audio.processing": ("engine.audio.port", "engine.audio.kernels", _TYPES, _CLOCK, _RUN_BLOCKING),
    "engine.audio.recovery": ("engine.audio.device", "engine.audio.session_audio", _TYPES, _RUN_BLOCKING, _CLOCK),
    "engine.audio.soundcheck": ("engine.audio.device", "engine.audio.port", _PLATFORMS, _TYPES),
    "engine.local.protocol": ("engine.local.items",),
    "engine.local.hearing": (
        "engine.local.protocol",
        "engine.local.answering",
        "engine.local.context",
        "engine.local.platforms",
    ),
    "engine.local.answering": (
        "engine.local.protocol",
        "engine.local.platforms",
        "engine.local.items",
        "engine.local.context",
        "engine.local.speech_worker",
        "engine.local.tasks",
    ),
    "engine.realtime.protocol": (),
    "engine.realtime.conversation": ("engine.realtime.protocol", _EVENTS),
    "engine.realtime.cost": ("engine.realtime.protocol", _EVENTS),
    "engine.realtime.tools": (
        "engine.realtime.protocol",
        "engine.realtime.conversation.actions",
        "engine.realtime.providers.catalog",
        _EVENTS,
    ),
    "engine.realtime.providers": ("engine.realtime.protocol", "engine.realtime.tools"),
    "engine.realtime.connection": (
        "engine.realtime.protocol",
        "engine.realtime.conversation",
        "engine.realtime.providers",
        _EVENTS,
    ),
    "engine.realtime.sound": ("engine.realtime.protocol", "engine.realtime.connection", _EVENTS),
    "benchmarks.report": (),
    "benchmarks.signals": ("benchmarks.report",),
    "benchmarks.rigs": ("benchmarks.signals", "benchmarks.report", "benchmarks.case", "benchmarks.timing"),
    "cli.language": (),
    "cli.terminal": ("cli.language", _CLI_PLATFORMS),
    "cli.view": ("cli.language", "cli.terminal", "cli.errors"),
    "cli.devices": ("cli.language", "cli.terminal", "cli.errors"),
    "cli.doctor": ("cli.language", "cli.kernels", "cli.devices", "cli.errors", _CLI_PLATFORMS),
    "cli.pages": ("cli.language", "cli.terminal"),
    "cli.bench": ("cli.language", "cli.pages", "cli.terminal", "cli.errors"),
    "cli.sessions": ("cli.language", "cli.pages", "cli.view", "cli.terminal", "cli.errors"),
    "cli.run": ("cli.language", "cli.terminal", "cli.view", "cli.devices", "cli.options", _CLI_PLATFORMS),
}
"""Rooms of a floor: what each may import of the floor's other rooms."""
OURS = ("engine", "backends", "cli", "benchmarks", "tests")
IMPURE = {"asyncio", "socket", "time", "datetime", "threading", "aiohttp", "random"}
HEAVY = ("numpy", "numba", "aiohttp", "sounddevice", "pyaudio", "soxr", "soundfile", "pydantic", "asyncio")
ASSEMBLED = (
    "engine.audio.port",
    "engine.audio.playback",
    "engine.audio.session_audio",
    "engine.audio.device.protocol",
    "engine.audio.device.registry",
    "engine.audio.device.open_stream",
    "engine.local.process",
    "engine.realtime.connection",
    "engine.realtime.conversation",
    "engine.realtime.cost",
    "engine.realtime.providers",
    "engine.realtime.recording",
    "engine.realtime.sound",
    "engine.realtime.tools",
    "engine.realtime.session",
)
"""What a session is made of: `engine.api` puts it together, and the command line does not."""
OFFERED = ("engine.audio.device.conformance", "engine.realtime.testing")
"""For programs that use the engine and for authors of backends; nothing of ours calls them."""
COMPILED_BY_NAME = re.compile(r"engine\.\w+\.kernels\.\w+$|engine\.dsp\.compile\.(build|declare|intrinsics)$")
"""Only the process that compiles kernels imports these, and backends and benchmarks with a callback of their own."""
MODULES = 13
"""About a dozen: more than that in a folder are two rooms."""
MAINS = {"engine.local.__main__", "engine.realtime.tools.host.__main__"}
COMMAND_MODULES = {f"cli.commands.{name}" for name in COMMANDS}
FILES = sorted(path for name in OURS[:4] for path in (ROOT / name).rglob("*.py"))


def imports(path: Path, *, at_top_only: bool = False) -> Iterator[str]:
    """Every module a file imports, and every name from one, which may be a module; `if TYPE_CHECKING` counts too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if at_top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def within(module: str, floors: tuple[str, ...]) -> bool:
    """Whether a module is one of the floors or lies in it."""
    return any(module == floor or module.startswith(f"{floor}.") for floor in floors)


def source_of(module: str) -> Path:
    """The file of one of our modules; of a package, what it gathers."""
    folder = ROOT / module.replace(".", "/")
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def reached_from(roots: set[str], imported: Callable[[Path], Iterator[str]]) -> set[str]:
    """Our modules among the roots and all they import, directly or not."""
    reached: set[str] = set()
    waiting = set(roots)
    while waiting:
        found = {name for name in waiting - reached if within(name, OURS) and source_of(name).exists()}
        reached |= found
        waiting = {name for module in found for name in imported(source_of(module))}
    return reached


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_from_its_floor_and_below(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    floor = next((floor for floor in ALLOWED if within(module, (floor,))), None)
    if floor is None:
        assert path.name == "__init__.py"
        return
    upward = [name for name in imports(path) if within(name, OURS) and not within(name, ALLOWED[floor])]
    assert not upward


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_that_it_names(room: str) -> None:
    floor = room.rpartition(".")[0]
    for path in sorted((ROOT / room.replace(".", "/")).rglob("*.py")):
        inside = [name for name in imports(path) if within(name, (floor,)) and name != floor]
        assert not [name for name in inside if not within(name, (room, *ROOMS[room]))], path
    assert (ast.get_docstring(ast.parse(source_of(room).read_text(encoding="utf-8"))) or "").count(".") >= 2


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in FILES}), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_folder_has_about_a_dozen_modules(folder: Path) -> None:
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MODULES or folder.name == "commands", "one module for each command"
    assert not [path.name for path in modules if path.stem.startswith(f"{folder.name}_")]


def test_the_tests_of_a_floor_lie_in_its_rooms() -> None:
    for floor in ("audio", "realtime", "local", "cli", "benchmarks"):
        product = ROOT / floor if (ROOT / floor).is_dir() else ROOT / "engine" / floor
        rooms = {path.parent.name for path in (ROOT / "tests" / floor).glob("*/test_*.py")}
        assert rooms, floor
        assert not [room for room in rooms if not (product / room).is_dir()], floor


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {
        module: {name for name in imports(source_of(module)) if source_of(name).is_file() and within(name, OURS[:4])}
        for module in (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES)
        if not module.endswith("__init__")
    }
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module in done or module not in graph:
            return
        for name in sorted(graph[module] - {module}):
            visit(name, (*way, module))
        done.add(module)

    for module in sorted(graph):
        visit(module, ())


def test_the_command_line_assembles_no_session() -> None:
    for path in sorted((ROOT / "cli" / "run").rglob("*.py")):
        assert not [name for name in imports(path) if within(name, ASSEMBLED)], path


def test_the_conversation_has_no_io_no_clock_and_no_event_loop() -> None:
    reached = reached_from({"engine.realtime.conversation.machine"}, imports)
    for name in reached:
        assert not IMPURE & set(imports(source_of(name))), name
    assert "engine.realtime.conversation.responses" in reached
    assert "engine.realtime.session" not in reached


def test_what_the_command_line_loads_before_it_has_read_its_options_is_light() -> None:
    reached = reached_from({"cli.app"} | COMMAND_MODULES, lambda path: imports(path, at_top_only=True))
    assert "cli.commands.run" in reached
    for name in reached:
        assert not [found for found in imports(source_of(name), at_top_only=True) if within(found, HEAVY)], name


def test_every_module_is_reached_from_an_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    plugins = [point for group in project["entry-points"].values() for point in group.values()]
    points = [*project["scripts"].values(), *plugins]
    by_name = {f"benchmarks.cases.{name}" for name in BENCHMARKS} | COMMAND_MODULES | MAINS
    reached = reached_from({point.partition(":")[0] for point in points} | by_name, imports)
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES if path.name != "__init__.py"}
    unreached = [name for name in modules - reached if not within(name, OFFERED)]
    assert not [name for name in unreached if not COMPILED_BY_NAME.match(name)]


def test_numba_is_imported_by_what_compiles_only() -> None:
    for path in FILES:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if within(module, ("benchmarks",)) or COMPILED_BY_NAME.match(module):
            continue
        assert not [name for name in imports(path, at_top_only=True) if within(name, ("numba",))], module
        ours = [name for name in imports(path, at_top_only=True) if COMPILED_BY_NAME.match(name)]
        assert not [name for name in ours if "numba" in set(imports(source_of(name)))], module
