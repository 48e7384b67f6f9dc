"""Filters take little time and memory to design, for any pair of rates, and are kept on disk as far as it lets them."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from engine.dsp.compile import cache
from engine.dsp.resample import HIGHEST_HZ, LOWEST_HZ
from engine.dsp.resampler_filters import Filters, filters_for
from tests.support.full_disk import disk_of

PAIR = (44100, 16000)
DESIGN_MB, DESIGN_S = 50, 0.25
PATIENCE = 5
"""A busy machine takes so many times as long."""
RATE = st.integers(LOWEST_HZ, HIGHEST_HZ)
HARDEST = [
    (44100, 48000),
    (11025, 96000),
    (96000, 11025),
    (44099, 48000),
    (4000, 768_000),
    (4001, 767_999),
    (767_999, 4001),
    (767_999, 768_000),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which filters are kept, empty."""
    monkeypatch.setattr(cache, "cache_folders", lambda: [tmp_path])
    filters_for.cache_clear()
    return tmp_path


def started_anew(source_hz: int = PAIR[0], target_hz: int = PAIR[1]) -> Filters:
    """What a new process would have."""
    filters_for.cache_clear()
    return filters_for(source_hz, target_hz)


def same(one: Filters, other: Filters) -> bool:
    return (
        np.array_equal(one.sharp, other.sharp)
        and np.array_equal(one.table, other.table)
        and (one.bank, one.delay_s) == (other.bank, other.delay_s)
    )


@pytest.mark.timing
@pytest.mark.parametrize("pair", HARDEST)
def test_any_pair_is_designed_in_a_quarter_of_a_second_and_50_mb(pair: tuple[int, int]) -> None:
    began_s = time.perf_counter()
    started_anew(*pair)
    assert time.perf_counter() - began_s < PATIENCE * DESIGN_S


@given(RATE, RATE)
@settings(max_examples=20)
def test_the_memory_of_a_design_and_its_size_have_a_bound(source_hz: int, target_hz: int) -> None:
    if source_hz == target_hz:
        return
    tracemalloc.start()
    filters = started_anew(source_hz, target_hz)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < DESIGN_MB * 2**20
    # At most 1,024 points of some 40 taps: 11,784 to 5,442 Hz takes 116 kB.
    assert filters.table.nbytes < 200_000


def test_what_was_designed_is_found_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    designed = started_anew()
    assert len(list(folder.iterdir())) == 1
    # Who designs again now, fails.
    monkeypatch.delattr("engine.dsp.resampler_filters._minimum_phase")
    assert same(started_anew(), designed)


@pytest.mark.parametrize("pair", [(16000, 44100), (44100, 24000), (24000, 48000)])
def test_another_pair_has_other_filters(pair: tuple[int, int]) -> None:
    designed = started_anew(*pair)
    started_anew()
    assert same(started_anew(*pair), designed)


@pytest.mark.parametrize("damage", ["empty", "truncated", "longer", "one bit", "a folder"])
def test_a_damaged_file_is_designed_and_kept_anew(folder: Path, damage: str) -> None:
    designed = started_anew()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    middle = len(whole) // 2
    if damage == "a folder":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(
            {
                "empty": b"",
                "truncated": whole[:-4],
                "longer": whole + b"\0\0\0\0",
                "one bit": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            }[damage]
        )
    assert same(started_anew(), designed)
    if damage != "a folder":
        assert file.read_bytes() == whole
    assert list(folder.iterdir()) == [file], "nothing unfinished is left"


@pytest.mark.parametrize("broken", ["no folder", "a file", "read-only"])
def test_a_folder_that_takes_nothing_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    designed = started_anew()
    other = folder / "other"
    if broken == "a file":
        other.touch()
    elif broken == "read-only":
        other.mkdir(mode=0o500)
    monkeypatch.setattr(cache, "cache_folders", lambda: [other])
    assert same(started_anew(), designed)


def test_a_full_disk_is_no_error_and_leaves_nothing_behind(folder: Path) -> None:
    with disk_of(1000):
        started_anew()
    assert list(folder.iterdir()) == []
