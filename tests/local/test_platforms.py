"""Paths as C libraries open them, where a person's name has letters that the code page of Windows lacks."""

from __future__ import annotations

import codecs
import ctypes
import os
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.local.answering import speech
from engine.local.hearing import recognizer
from engine.local.platforms import path_bytes, plain_path

PROFILE, SHORT = "C:\\Users\\Иван\\voice", "C:\\Users\\6C8F~1\\voice"


class Kernel32:
    """The drive of a Windows, with or without short names."""

    def __init__(self, short: dict[str, str]) -> None:
        self.short = short

    def GetShortPathNameW(self, path: str, buffer: Any, size: int) -> int:  # noqa: N802
        if path not in self.short:
            return 0
        buffer.value = self.short[path]
        assert len(self.short[path]) < size
        return len(self.short[path])


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel32]:
    """Windows whose code page is that of Western Europe."""

    def find(name: str) -> codecs.CodecInfo | None:
        return codecs.lookup("cp1252") if name == "mbcs" else None

    kernel32 = Kernel32({PROFILE: SHORT})
    codecs.register(find)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel32), raising=False)
    yield kernel32
    codecs.unregister(find)


def test_a_path_is_given_by_its_short_form_where_there_is_one(windows: Kernel32) -> None:
    assert plain_path(PROFILE) == SHORT
    assert path_bytes(PROFILE) == SHORT.encode("ascii")
    windows.short = {}
    assert plain_path(PROFILE) == PROFILE
    assert path_bytes("C:\\Users\\Jörg") == b"C:\\Users\\J\xf6rg", "the code page has it"
    assert plain_path("C:\\Users\\Ann") == "C:\\Users\\Ann"


def test_elsewhere_a_path_is_its_bytes() -> None:
    odd = os.fsdecode(b"/home/\xff\xd0\xb8")
    assert plain_path(odd) == odd
    if sys.platform != "win32":
        assert path_bytes(odd) == b"/home/\xff\xd0\xb8"


def test_the_libraries_are_given_such_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "path_bytes", lambda path: b"short " + path.encode())
    assert speech._load()[1] is None or (speech._load()[1] or b"").startswith(b"short ")
    asked: list[str] = []

    def noted(path: str) -> str:
        asked.append(path)
        return path

    monkeypatch.setattr(recognizer, "plain_path", noted)
    assert recognizer.Recognizer().transcribe(np.zeros(16000, np.int16)) == ""
    assert [path.rpartition("en-us")[2] for path in asked] == ["", ".dict"]
