"""Differences between systems in the audio engine, as each system's library behaves."""

from __future__ import annotations

import ctypes
import errno
import sys
from types import SimpleNamespace

import pytest

from engine.audio import platforms
from engine.audio.device.patience import wait_for_sound
from engine.audio.port.priority import AudioThread, Priority, audio_thread

ALREADY_IN_TASK = 1552


@pytest.mark.parametrize(
    ("platform", "code", "priority"),
    [
        ("win32", ALREADY_IN_TASK, Priority.HELD),
        ("win32", errno.EPERM, Priority.REFUSED),
        ("darwin", errno.EPERM, Priority.HELD),
        ("darwin", ALREADY_IN_TASK, Priority.REFUSED),
        ("linux", errno.EPERM, Priority.REFUSED),
        ("linux", ALREADY_IN_TASK, Priority.REFUSED),
    ],
)
def test_a_thread_that_has_its_priority_from_the_host_api_is_not_refused_one(
    monkeypatch: pytest.MonkeyPatch, platform: str, code: int, priority: Priority
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert audio_thread(7, -code) == AudioThread(7, priority, 0 if priority is Priority.HELD else code)


def test_codes_of_windows_have_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {5: "Access is denied.", 1552: "The specified thread is already joining a task.\r\n"}
    monkeypatch.setattr(ctypes, "FormatError", words.__getitem__, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert platforms.error_text(1552) == "The specified thread is already joining a task."
    monkeypatch.setattr(sys, "platform", "linux")
    assert platforms.error_text(errno.EPERM) == "Operation not permitted"


def test_com_is_shared_before_a_library_is_loaded_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    ole32 = SimpleNamespace(CoIncrementMTAUsage=lambda cookie: calls.append("shared"))
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(ole32=ole32), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    platforms.share_com.cache_clear()
    try:
        for _ in range(2):
            wait_for_sound(lambda: calls.append("loaded"))
    finally:
        platforms.share_com.cache_clear()
    assert calls == ["shared", "loaded", "loaded"]
