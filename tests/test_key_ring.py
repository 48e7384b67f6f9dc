"""Keys of the system's keyring: after the environment, before the file, and never waited for long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from engine import key_ring
from engine.config import load_config
from engine.errors import InvalidInputError
from engine.redaction import Secret


class Ring(KeyringBackend):
    """A keyring in memory, which may be locked or hang."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False
        self.hangs: threading.Event | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self._wait()
        if self.locked:
            raise KeyringLocked
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._wait()
        self.kept[service, username] = password

    def _wait(self) -> None:
        if self.hangs:
            self.hangs.wait()


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)
    if ring.hangs:
        ring.hangs.set()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\nopenai_api_key = "of the file"\nvoice_api_key = "of the file"\n')
    return {"VOICE_CONFIG": str(path), "PYTHON_KEYRING_BACKEND": "tests", "VOICE_API_KEY": "of the environment"}


def revealed(environ: dict[str, str]) -> list[str | None]:
    keys = load_config(environ).keys
    return [key.reveal() if key else None for key in (keys.openai_api_key, keys.voice_api_key, keys.yandex_api_key)]


def test_a_key_is_looked_for_in_the_environment_the_keyring_and_the_file(ring: Ring, environ: dict[str, str]) -> None:
    assert revealed(environ) == ["of the file", "of the environment", None]
    for name in "openai_api_key", "voice_api_key":
        key_ring.store_key(name, Secret("of the keyring"))
    ring.kept["voice", "yandex_api_key"] = " \n"
    assert revealed(environ) == ["of the keyring", "of the environment", None]


def test_a_locked_keyring_costs_a_sentence(
    ring: Ring, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    ring.locked = True
    assert revealed(environ) == ["of the file", "of the environment", None]
    assert [record.message for record in caplog.records] == [
        "The system's keyring refuses (KeyringLocked). The keys in it are not used."
    ]


def test_a_keyring_that_hangs_is_left_alone_in_time(
    ring: Ring, environ: dict[str, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_ring, "PATIENCE_S", 0.05)
    ring.hangs = threading.Event()
    began = time.monotonic()
    assert revealed(environ) == ["of the file", "of the environment", None]
    assert time.monotonic() - began < 2
    assert "has not answered for 0.05 s" in caplog.text
    with pytest.raises(InvalidInputError, match="not answered"):
        key_ring.store_key("openai_api_key", Secret("x"))


def test_a_system_without_a_keyring_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert revealed({"VOICE_CONFIG": "", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}) == [None] * 3
    assert not caplog.records
