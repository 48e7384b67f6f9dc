"""The runs that `voice bench --save` keeps: one file each in a folder of the user's, named by when it was measured."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.report.document import Document, read_document
from engine.errors import InvalidInputError

LAST = "last"
_ID = re.compile(r"\d{8}-\d{6}(-\d+)?")
_MOST_PER_SECOND = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """One run that was kept."""

    id: str
    path: Path
    document: Document

    @property
    def measured_at(self) -> str:
        """Time of the measurement in ISO 8601 and UTC; from the file's name where the file does not say it."""
        said = self.document.machine.get("measured_at")
        return str(said or datetime.strptime(self.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).isoformat())

    @property
    def benchmarks(self) -> list[str]:
        """Names of the benchmarks, in their order."""
        return list(dict.fromkeys(result.benchmark for result in self.document.results))


def history_folder() -> Path:
    """Return where runs are kept; it need not exist."""
    from platformdirs import user_data_path  # noqa: PLC0415 - `voice --help` must not pay for it

    return user_data_path("voice", appauthor=False) / "bench"


def require_keepable(folder: Path) -> None:
    """Fail where `keep` would, before anything has been measured; nothing is made.

    Raises:
        InvalidInputError: the folder cannot be written, or not be made.
    """
    try:
        with tempfile.TemporaryFile(dir=next(there for there in (folder, *folder.parents) if there.exists())):
            pass
    except OSError as error:
        raise _not_kept(folder, error) from None


def keep(document: Mapping[str, Any], folder: Path) -> Path:
    """Write a run into the history and return its file.

    Args:
        document: Of the form `voice-bench/1`.
        folder: Made if it is missing.

    Raises:
        InvalidInputError: the folder cannot be written.
    """
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MOST_PER_SECOND):
            path = folder / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
            with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
                json.dump(document, file, allow_nan=False)
                return path
    except OSError as error:
        raise _not_kept(folder, error) from None
    raise InvalidInputError(f"The run cannot be saved in {folder}: too many have its name.")


def _not_kept(folder: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"The run cannot be saved in {folder}: {error.strerror}.",
        fix="Make the folder writable, or write the figures to a file with --json.",
    )


def kept_runs(folder: Path, on_damage: Callable[[InvalidInputError], None]) -> list[Run]:
    """Return the runs in the order in which they were measured; files that cannot be read are told and skipped."""
    runs = []
    for path in sorted(folder.glob("*.json"), key=_order) if folder.is_dir() else ():
        if not _ID.fullmatch(path.stem):
            continue
        try:
            runs.append(Run(path.stem, path, read_document(path)))
        except InvalidInputError as error:
            on_damage(error)
    return runs


def find_run(
    wanted: str, folder: Path, benchmarks: Collection[str], on_damage: Callable[[InvalidInputError], None]
) -> tuple[str, Document]:
    """Return the name and the figures of a run.

    Args:
        wanted: An id of the history, any file, or `last`: the last run of the history with one of the benchmarks.
        folder: Of the history.
        benchmarks: What it is to be compared with.
        on_damage: Told of files of the history that cannot be read.

    Raises:
        InvalidInputError: there is none, or the file is no run.
    """
    is_id = _ID.fullmatch(wanted) is not None and not Path(wanted).exists()
    if wanted != LAST and not is_id:
        if not Path(wanted).exists():
            raise InvalidInputError(
                f"There is no file and no run '{wanted}' to compare with.",
                fix="`voice bench history` lists the saved runs; `last` is the latest.",
            )
        return wanted, read_document(Path(wanted))
    if is_id and (path := folder / f"{wanted}.json").exists():
        return wanted, read_document(path)
    kept = kept_runs(folder, on_damage) if wanted == LAST else []
    runs = [run for run in kept if not set(run.benchmarks).isdisjoint(benchmarks)]
    if not runs:
        what = f"There is no run {wanted} in the history" if is_id else "No run of these benchmarks has been saved yet"
        raise InvalidInputError(f"{what}.", fix="`voice bench history` lists them, `voice bench --save` saves one.")
    return runs[-1].id, runs[-1].document


def _order(path: Path) -> tuple[str, int]:
    """Two of the same second by their number: "-10" is after "-9"."""
    return path.stem[:15], int(path.stem[16:]) if path.stem[16:].isdecimal() else 0
