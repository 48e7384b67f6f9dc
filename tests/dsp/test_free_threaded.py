"""A Python without the interpreter's lock is refused in a sentence, before anything is compiled or loaded."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator

import pytest

from cli.doctor import system
from cli.doctor.checks import _guarded
from cli.doctor.findings import Verdict
from engine.dsp.compile import library
from engine.errors import LibraryMissingError


@pytest.fixture
def free_threaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The build says so, whether its lock is on or off."""
    known = sysconfig.get_config_var
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: 1 if name == "Py_GIL_DISABLED" else known(name))
    monkeypatch.setattr(library, "_loaded", None)
    yield


@pytest.mark.usefixtures("free_threaded")
def test_nothing_is_loaded_and_the_reason_is_one_sentence() -> None:
    said: list[str] = []
    with pytest.raises(LibraryMissingError) as caught:
        library.load_kernels(said.append)
    assert said == []
    assert caught.value.message == "This is a free-threaded Python, on which nothing of voice has been tested."
    assert caught.value.fix == "Use the ordinary build of the same version."


@pytest.mark.usefixtures("free_threaded")
def test_the_doctor_says_the_same() -> None:
    (finding,) = _guarded("python", system.python)
    assert (finding.verdict, finding.text) == (
        Verdict.ERROR,
        "This is a free-threaded Python, on which nothing of voice has been tested.",
    )
