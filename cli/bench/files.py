"""Files that `voice bench` writes: what cannot be written is refused before minutes of measuring."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.report.comparison import Comparison
from benchmarks.report.document import Document
from benchmarks.report.history import history_folder, keep, require_keepable
from engine.errors import InvalidInputError, LibraryMissingError

_OF_THE_PAGE = ("matplotlib", "jinja2")


@dataclass(frozen=True, slots=True)
class Destinations:
    """Files to which a run is written."""

    json: Path | None = None
    html: Path | None = None
    history: bool = False

    def __bool__(self) -> bool:
        return self.json is not None or self.html is not None or self.history

    def check(self) -> None:
        """Fail before minutes of measuring rather than after them; what there is stays as it is.

        Raises:
            InvalidInputError: a file cannot be written or is named twice, or the history cannot be written.
            LibraryMissingError: the page needs packages that are not installed.
        """
        if self.json is not None and self.html is not None and self.json.resolve() == self.html.resolve():
            raise InvalidInputError(f"--json and --html both name {self.json}.", fix="Name two files.")
        if self.json is not None:
            _require_writable(self.json, "figures")
        if self.html is not None:
            _require_writable(self.html, "page")
            if missing := [name for name in _OF_THE_PAGE if find_spec(name) is None]:
                what = f"The page needs the Python package {missing[0]}, which is not installed."
                raise LibraryMissingError(what, fix='Run `pip install "voice-realtime[report]"`.')
        if self.history:
            require_keepable(history_folder())

    def write(
        self, run: Document, comparison: Comparison | None, say: Callable[[str], None], *, note: str = ""
    ) -> None:
        """Write what was asked for, and say where.

        Args:
            run: What was measured.
            comparison: With an older run, for the page.
            say: Takes a sentence.
            note: What else has to be known about the run, for the page.
        """
        document = run.to_json()
        if self.json is not None:
            self.json.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        if self.history:
            path = keep(document, history_folder())
            say(f"Saved as {path.stem}: `voice bench history` lists it, `--compare {path.stem}` compares with it.")
        if self.html is not None:
            from cli.bench.page.page import page  # noqa: PLC0415

            self.html.write_text(page(run, comparison, note=note), encoding="utf-8")
            say(f"The page is {self.html}.")


def _require_writable(path: Path, what: str) -> None:
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise InvalidInputError(
            f"The {what} cannot be written to {path}: {error.strerror}.",
            fix="Name a file in an existing folder that you may write to.",
        ) from error
    if is_new:
        path.unlink()
