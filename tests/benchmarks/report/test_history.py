"""Runs that are kept, found again and listed, and files that are no run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report.document import Document, read_document
from benchmarks.report.history import find_run, keep, kept_runs
from benchmarks.report.results import SCHEMA, Quantiles, Result
from engine.errors import InvalidInputError

RESULT = Result("dsp", "dsp/x", "ns", Quantiles(1.0, 2.0), {"numpy": Quantiles(3.0, 4.0)}, {"frames": 480})
MACHINE = {"cpu": "one", "cores": 2, "measured_at": "2026-11-25T10:00:00+00:00"}


def _report(results: list[Result], *, quick: bool = False) -> dict[str, Any]:
    return Document(MACHINE, tuple(results), quick).to_json()


def _no_damage(error: InvalidInputError) -> None:
    raise AssertionError(error)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(_report([RESULT])), encoding="utf-8")
    assert read_document(path) == Document(MACHINE, (RESULT,), quick=False)
    path.write_text(json.dumps(_report([RESULT], quick=True)), encoding="utf-8")
    assert read_document(path) == Document(MACHINE, (RESULT,), quick=True)


def test_a_file_from_before_quick_runs_were_marked_is_read_too(tmp_path: Path) -> None:
    document = _report([RESULT])
    del document["quick"]
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert read_document(path) == Document(MACHINE, (RESULT,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "is not JSON"),
        ("[1]", "does not say what it is"),
        ('{"schema": "other/2", "results": []}', "says it is 'other/2'"),
        (f'{{"schema": "{SCHEMA}"}}', "is damaged"),
        (f'{{"schema": "{SCHEMA}", "machine": {{}}, "results": [{{"case": "x"}}]}}', "is damaged"),
        (f'{{"schema": "{SCHEMA}", "machine": {{}}, "results": {{"a": 1}}}}', "is damaged"),
    ],
)
def test_a_file_that_is_no_run_is_named_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "figures.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        read_document(path)
    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert "voice bench --json" in caught.value.fix


def test_a_file_that_is_missing_or_binary_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_document(tmp_path / "missing.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="is not JSON"):
        read_document(tmp_path / "binary")


def test_runs_are_listed_in_order_and_damaged_ones_skipped_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "bench"
    kept = [keep(_report([RESULT]), folder) for _ in range(12)]
    assert len(set(kept)) == 12, "runs of the same second have names of their own"
    kept[3].write_text("{", encoding="utf-8")
    (folder / "notes.json").write_text("not a run", encoding="utf-8")
    damaged: list[InvalidInputError] = []
    runs = kept_runs(folder, damaged.append)
    assert [run.path for run in runs] == [path for number, path in enumerate(kept) if number != 3]
    assert [str(kept[3]) in error.message for error in damaged] == [True]
    assert runs[0].measured_at == MACHINE["measured_at"]
    assert runs[0].benchmarks == ["dsp"]


def test_a_run_is_found_by_its_id_as_the_last_one_or_as_a_file(tmp_path: Path) -> None:
    other = replace(RESULT, case="dsp/y")
    first, last = keep(_report([RESULT]), tmp_path), keep(_report([RESULT, other]), tmp_path)
    assert find_run(first.stem, tmp_path, ["dsp"], _no_damage)[1].results == (RESULT,)
    assert find_run("last", tmp_path, ["ring", "dsp"], _no_damage) == (
        last.stem,
        Document(MACHINE, (RESULT, other), quick=False),
    )
    assert find_run(str(first), tmp_path / "elsewhere", ["dsp"], _no_damage)[1].results == (RESULT,)


def test_the_last_run_is_the_last_of_the_same_benchmarks(tmp_path: Path) -> None:
    first = keep(_report([RESULT]), tmp_path)
    keep(_report([replace(RESULT, benchmark="ring", case="ring/x")]), tmp_path)
    assert find_run("last", tmp_path, ["dsp"], _no_damage)[0] == first.stem
    with pytest.raises(InvalidInputError, match="No run of these benchmarks"):
        find_run("last", tmp_path, ["session"], _no_damage)


@pytest.mark.parametrize(("wanted", "words"), [("last", "No run of these"), ("20200101-000000", "no run 2020")])
def test_a_run_that_is_not_there_is_refused(tmp_path: Path, wanted: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        find_run(wanted, tmp_path, ["dsp"], _no_damage)
    assert "voice bench history" in caught.value.fix


def test_a_folder_that_cannot_be_made_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="cannot be saved"):
        keep(_report([]), tmp_path / "file" / "bench")
