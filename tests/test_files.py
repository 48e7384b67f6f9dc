"""Recordings and event files are the user's alone, and nothing is written through a link."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from cli.run.event_file import open_event_file
from engine.audio.wav_file import WavFile
from engine.config import Config
from engine.errors import InvalidInputError
from engine.files import make_private_folder, open_private, read_bounded
from engine.realtime.providers.choose import choose_provider
from engine.realtime.recording.files import EVENTS_FILE
from engine.realtime.recording.tap import Recording

CHOSEN = choose_provider("custom", "ws://127.0.0.1:1/", {}, Config())


def mode_of(path: Path) -> int:
    """Its permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o022, 0o000], autouse=True)
def _umask(request: pytest.FixtureRequest) -> object:
    before = os.umask(request.param)
    yield
    os.umask(before)


async def test_a_recording_is_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "talk"
    await Recording(folder, CHOSEN).aclose()
    assert {mode_of(made) for made in (folder, folder.parent)} == {0o700}
    assert {path.name for path in folder.iterdir()} == {"user.wav", "agent.wav", "heard.wav", EVENTS_FILE}
    assert {mode_of(path) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["user.wav", "agent.wav", "heard.wav", EVENTS_FILE])
@pytest.mark.parametrize("is_link", [True, False])
async def test_a_recording_takes_the_place_of_nothing(tmp_path: Path, name: str, is_link: bool) -> None:
    folder, precious = tmp_path / "talk", tmp_path / "precious.txt"
    precious.write_text("mine")
    folder.mkdir()
    (folder / name).symlink_to(precious) if is_link else (folder / name).write_text("mine")
    with pytest.raises(InvalidInputError, match="already") as refused:
        Recording(folder, CHOSEN)
    assert ("a recording" if name == EVENTS_FILE else name) in refused.value.message
    assert (folder / name).read_text() == precious.read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == [name]


Writer = Callable[[Path], WavFile | TextIO]
WRITERS: list[Writer] = [lambda path: open_event_file(str(path)), lambda path: WavFile(path, 8000, 1)]


@pytest.mark.parametrize("write", WRITERS)
def test_what_is_written_to_a_named_file_is_the_users_alone_and_through_no_link(tmp_path: Path, write: Writer) -> None:
    path, link, precious = tmp_path / "a.wav", tmp_path / "link.wav", tmp_path / "precious.txt"
    write(path).close()
    assert mode_of(path) == 0o600
    path.chmod(0o644)
    write(path).close()
    assert mode_of(path) == 0o600
    link.symlink_to(precious)
    for _ in range(2):
        with pytest.raises((InvalidInputError, OSError), match="a link to a file"):
            write(link)
        precious.write_text("mine")
    assert precious.read_text() == "mine"


def test_a_link_to_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    link = tmp_path / "out"
    link.symlink_to(f"/dev/fd/{writing}")
    os.write(descriptor := open_private(link), b"event")
    assert os.read(reading, 10) == b"event"
    for each in (reading, writing, descriptor):
        os.close(each)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can make a file another's")
def test_another_users_file_is_not_written_to(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no owners of Unix")
    path = tmp_path / "trap.jsonl"
    path.touch()
    os.chown(path, 65534, 65534)
    with pytest.raises(InvalidInputError, match="another user"):
        open_event_file(str(path))


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path)
    assert mode_of(tmp_path) == 0o755


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    """Editors of Windows write it into configurations, scripts and instructions."""
    for content in (b"\xef\xbb\xbfkey = 1", b"key = 1"):
        (tmp_path / "text").write_bytes(content)
        assert read_bounded(tmp_path / "text", 100) == "key = 1"
