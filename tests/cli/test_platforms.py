"""Differences between systems on the command line: a console, a pipe and an editor as Windows has them."""

from __future__ import annotations

import asyncio
import codecs
import ctypes
import errno
import io
import os
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from cli import platforms
from cli.main import _run
from cli.run.event_file import EventFile
from cli.run.piped_input import _start_reading
from cli.terminal.presence import can_draw
from cli.terminal.stdout import written_out

VIRTUAL_TERMINAL, PROCESSED = 4, 1


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)


class Console:
    """Modes of the consoles by handle, as kernel32 keeps them."""

    def __init__(self, *, knows_sequences: bool = True) -> None:
        self.modes = {107: PROCESSED}
        self.knows_sequences = knows_sequences

    def GetConsoleMode(self, handle: Any, mode: Any) -> int:  # noqa: N802
        if handle.value not in self.modes:
            return 0
        mode._obj.value = self.modes[handle.value]
        return 1

    def SetConsoleMode(self, handle: Any, mode: int) -> int:  # noqa: N802
        if mode & VIRTUAL_TERMINAL and not self.knows_sequences:
            return 0
        self.modes[handle.value] = mode
        return 1


class Screen(io.StringIO):
    """A console, or the device NUL, which says so too."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("descriptor", "knows_sequences", "draws"), [(7, True, True), (7, False, False), (8, True, False)]
)
def test_a_console_is_drawn_on_once_it_has_said_that_it_obeys(
    monkeypatch: pytest.MonkeyPatch, descriptor: int, knows_sequences: bool, draws: bool
) -> None:
    console = Console(knows_sequences=knows_sequences)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=console), raising=False)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(get_osfhandle=lambda number: 100 + number))
    assert can_draw(Screen(descriptor), {}) is draws
    assert console.modes == {107: PROCESSED | VIRTUAL_TERMINAL * draws}


def stream(encoding: str, errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)


@pytest.mark.usefixtures("windows")
def test_what_is_piped_is_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    out, about = stream("cp1252", "strict"), stream("cp1252", "backslashreplace")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", about)
    platforms.write_utf8_to_pipes()
    print("Привет, 世界")
    print("\ud83d", file=about)
    for each in (out, about):
        each.flush()
    assert out.buffer.getvalue().decode().strip() == "Привет, 世界"  # type: ignore[attr-defined]
    assert about.buffer.getvalue().strip() == rb"\ud83d"  # type: ignore[attr-defined]


def test_the_program_sees_to_that_before_it_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(platforms, "write_utf8_to_pipes", lambda: order.append("pipes"))
    monkeypatch.setattr("cli.app.app", lambda: order.append("app"))
    _run()
    assert order == ["pipes", "app"]


def test_an_encoding_that_was_chosen_and_that_of_other_systems_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    out = stream("koi8-r", "strict")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "platform", "linux")
    platforms.write_utf8_to_pipes()
    assert out.encoding == "koi8-r"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("PYTHONIOENCODING", "koi8-r")
    platforms.write_utf8_to_pipes()
    assert out.encoding == "koi8-r"


@pytest.fixture
def oem() -> Iterator[None]:
    """The encoding that Python has on Windows only, as in a Russian one."""

    def find(name: str) -> codecs.CodecInfo | None:
        return codecs.lookup("cp866") if name == "oem" else None

    codecs.register(find)
    yield
    codecs.unregister(find)


@pytest.mark.usefixtures("windows", "oem")
def test_lines_of_old_programs_are_read_as_they_were_meant() -> None:
    for encoding in ("utf-8", "cp866"):
        assert platforms.piped_text("Какая погода?".encode(encoding)) == "Какая погода?"


@pytest.mark.usefixtures("windows", "oem")
async def test_such_lines_are_said_as_they_were_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, "Какая погода?\r\nв Москве".encode("cp866"))
    os.close(writing)
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    with os.fdopen(reading) as source:
        monkeypatch.setattr(sys, "stdin", source)
        _start_reading(lines)
        async with asyncio.timeout(60):
            assert [await lines.get() for _ in range(3)] == ["Какая погода?\r", "в Москве", None]


def test_what_is_no_text_is_told_apart_elsewhere() -> None:
    assert platforms.piped_text("погода".encode("cp866")) == "\ufffd" * 6


@pytest.mark.usefixtures("windows")
def test_a_reader_who_left_is_told_nothing_on_windows_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.stdout._print_no_more", lambda: None)
    with pytest.raises(SystemExit) as left, written_out():
        raise OSError(errno.EINVAL, "Invalid argument")
    assert left.value.code == 1
    with pytest.raises(OSError, match="Invalid argument"), written_out():
        raise OSError(errno.EINVAL, "Invalid argument", "CON?")


@pytest.mark.usefixtures("windows")
def test_a_reader_of_events_who_left_is_known_by_windows_own_error() -> None:
    told: list[str] = []
    events = EventFile("Standard output", io.StringIO(), told.append, lambda: told.append("left"))
    events._refused(OSError(errno.EINVAL, "Invalid argument"))
    assert told == ["left"]
    events._refused(OSError(errno.ENOSPC, "No space left on device"))
    assert "No space left" in told[1]


@pytest.mark.parametrize(
    ("platform", "command", "words"),
    [
        ("win32", r'"C:\Program Files\Editor\edit.exe" --wait', [r"C:\Program Files\Editor\edit.exe", "--wait"]),
        ("win32", r"C:\tools\edit.exe", [r"C:\tools\edit.exe"]),
        ("linux", r"'/opt/an editor/edit' --wait", ["/opt/an editor/edit", "--wait"]),
    ],
)
def test_the_words_of_an_editors_command(
    monkeypatch: pytest.MonkeyPatch, platform: str, command: str, words: list[str]
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert platforms.words_of(command) == words
