"""Differences between systems stand in few modules, each with its reason; all others are the same everywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_floors import FILES, ROOT

REASONS = {
    "engine/files.py": "files of another user are not written to; Windows tells no owner by a number",
    "engine/key_ring.py": "on Linux a keyring is looked for by its bus before its library is loaded",
    "engine/dsp/compile/host.py": "functions that the machine code calls",
    "engine/dsp/compile/ownership.py": "who may change a folder",
    "engine/audio/platforms.py": "the audio engine's",
    "engine/audio/kernels/priority.py": "the request for priority, compiled for one system",
    "engine/audio/port/waker.py": "Linux has a line that takes no memory",
    "engine/audio/device/conformance.py": "threads and descriptors are counted where the system lists them",
    "engine/audio/recovery/rescan_main.py": "an alarm of Unix ends the process that lists devices",
    "engine/local/platforms.py": "the embedded server's",
    "engine/realtime/tools/host/platforms.py": "the tool host's",
    "backends/platforms.py": "the backends'",
    "engine/dsp/memory.py": "Windows shares no memory with what it starts",
    "backends/jack.py": "JACK's library has a name of each system's",
    "backends/alsa.py": "ALSA is Linux's",
    "benchmarks/report/machine.py": "what the system tells of itself",
    "benchmarks/rigs/startup_client.py": "processor time and memory of another process are read as Linux shows them",
    "cli/platforms.py": "the command line's",
    "cli/language/choice.py": "Windows and macOS tell of a person's language elsewhere",
    "cli/terminal/keyboard.py": "keys come through a terminal or a console",
    "cli/terminal/typed_ahead.py": "a terminal of Unix echoes what nobody reads yet",
    "cli/terminal/signals.py": "signals that a system lacks",
    "cli/doctor/audio.py": "on Linux the sound server is a program of its own",
    "cli/doctor/system.py": "the system is named, and what Linux tells of its processor",
    "cli/doctor/wsl.py": "Linux in Windows",
}
"""Modules that may mention a system, a library that only some have, or a file that only Linux shows."""
ONLY_SOME = {"fcntl", "grp", "msvcrt", "pty", "pwd", "resource", "termios", "tty", "winreg", "winsound", "_winapi"}
OF_A_SYSTEM = {("sys", "platform"), ("os", "name"), ("os", "uname"), ("platform", "system"), ("ctypes", "windll")}
FOLDERS = ("/proc", "/sys", "/mnt/wslg")
PROBED = {"os", "signal", "socket", "time"}


def mentions(source: str) -> Iterator[str]:
    """Places of a module that know of a system."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in OF_A_SYSTEM:
                yield f"{module}.{name}, line {node.lineno}"
            case ast.Import(names=names):
                yield from (f"import {name.name}, line {node.lineno}" for name in names if name.name in ONLY_SOME)
            case ast.ImportFrom(module=str(module)) if module in ONLY_SOME:
                yield f"from {module}, line {node.lineno}"
            case ast.Call(func=ast.Name(id="hasattr" | "getattr"), args=[ast.Name(id=module), *_]) if module in PROBED:
                yield f"a look into {module}, line {node.lineno}"
            case ast.Constant(value=str(text)) if text.startswith(FOLDERS) and "\n" not in text:
                yield f"{text}, line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_modules_with_a_reason_know_of_a_system(path: Path) -> None:
    found = list(mentions(path.read_text(encoding="utf-8")))
    if path.relative_to(ROOT).as_posix() in REASONS:
        assert found, "it needs no reason any more"
    else:
        assert not found


def test_each_reason_is_of_a_module_that_exists() -> None:
    assert not [name for name in REASONS if not (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "source",
    [
        'import sys\nif sys.platform == "win32": ...',
        "import os\nposix = os.name == 'posix'",
        "def work():\n    import resource",
        "from termios import tcgetattr",
        "import os\nfork = hasattr(os, 'fork')",
        "from pathlib import Path\nLOAD = Path('/proc/loadavg')",
        "import ctypes\nctypes.windll.ole32",
    ],
)
def test_a_mention_is_found(source: str) -> None:
    assert len(list(mentions(source))) == 1
