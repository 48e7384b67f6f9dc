"""Kept conversations are found by a name, a beginning or `last`, and only recordings are ever deleted."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from engine.api.conversations import (
    delete_older,
    delete_recording,
    find_recording,
    kept_folder,
    kept_recordings,
    new_recording,
)
from engine.errors import InvalidInputError

DAY_S = 86_400


def kept(folder: Path, name: str, age_days: float = 0.0) -> Path:
    """The files of a recording that ended so long ago."""
    path = folder / name
    path.mkdir(parents=True)
    for file in ("session.jsonl", "heard.wav", "user.wav", "agent.wav"):
        (path / file).write_text("{}\n", encoding="utf-8")
    ended_s = time.time() - age_days * DAY_S
    os.utime(path / "session.jsonl", (ended_s, ended_s))
    return path


def test_the_folder_is_the_systems_or_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert kept_folder() == tmp_path / "voice" / "conversations"
    assert kept_folder("~/talks") == tmp_path / "home" / "talks"
    with pytest.raises(InvalidInputError, match="cannot be saved in ~no-such-user: there is no such user") as refused:
        kept_folder("~no-such-user")
    assert "[recording]" in refused.value.fix


def test_a_new_one_has_a_name_of_its_own_in_a_private_folder(tmp_path: Path) -> None:
    folder = tmp_path / "voice" / "conversations"
    paths: list[Path] = []
    for _ in range(12):
        paths.append(new_recording(folder, hidden=len(paths) % 2 == 1))
        assert paths[-1].is_dir()
    assert len({path.name.removeprefix(".") for path in paths}) == len(paths)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="cannot be saved in"):
        new_recording(tmp_path / "file" / "folder")


def test_one_is_found_by_its_name_a_beginning_that_is_its_own_its_path_or_as_the_last(tmp_path: Path) -> None:
    older = kept(tmp_path, "20261130-101500", 2)
    newer = kept(tmp_path, "20261201-101500", 1)
    again = kept(tmp_path, "20261201-101500-2")
    kept(tmp_path, ".20261202-101500")
    elsewhere = kept(tmp_path / "elsewhere", "talk")
    (tmp_path / "no recording").mkdir()
    assert kept_recordings(tmp_path) == [older, newer, again]
    for wanted, path in (("20261130", older), (newer.name, newer), ("last", again), (str(elsewhere), elsewhere)):
        assert find_recording(wanted, tmp_path) == path
    for wanted, words in (
        ("20261201", "2 saved conversations begin"),
        ("2025", "is called '2025'"),
        ("..", "'..'"),
        (300 * "x", "x"),
    ):
        with pytest.raises(InvalidInputError, match=words) as refused:
            find_recording(wanted, tmp_path)
        assert newer.name in refused.value.fix
    with pytest.raises(InvalidInputError, match="No conversation is saved in") as refused:
        find_recording("last", tmp_path / "nothing")
    assert 'keep = "always"' in refused.value.fix


def test_an_empty_name_is_not_the_beginning_of_the_only_recording_nor_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(kept(tmp_path, "20261130-101500"))
    with pytest.raises(InvalidInputError, match="without a name"):
        find_recording("", tmp_path)


def test_only_the_files_of_a_recording_are_deleted(tmp_path: Path) -> None:
    whole, shared = kept(tmp_path, "20261130-101500"), kept(tmp_path, "20261201-101500")
    (shared / "notes.txt").write_text("mine")
    delete_recording(whole)
    delete_recording(shared)
    assert [path.name for path in tmp_path.rglob("*")] == [shared.name, "notes.txt"]


def test_what_is_older_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept(tmp_path, "20261101-101500", 31)
    younger = kept(tmp_path, "20261130-101500", 29)
    unasked = kept(tmp_path, ".20261101-101500", 31)
    (tmp_path / "20250101").mkdir()
    assert delete_older(tmp_path, 30) == 1
    assert kept_recordings(tmp_path) == [younger]
    assert unasked.exists()
    assert delete_older(tmp_path, 1, ".*") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20250101", younger.name]
    assert delete_older(tmp_path / "nothing", 1) == 0
