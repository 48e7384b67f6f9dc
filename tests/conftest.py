"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings

from cli.language.spoken import ENGLISH, speak
from tests.support.soundcard import PACKAGES, RATE_HZ, SoundCard, missing_parts

# A deadline for one example is a bound on time, which a busy machine breaks. In CI a run repeats the one before.
settings.register_profile("tests", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("tests")

# A person's terminal, whatever the tests run on; those of a dumb one say so.
os.environ["TERM"] = "xterm-256color"

# And one who reads English, whatever the developer reads.
os.environ["VOICE_LANG"] = ENGLISH

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A script's background job begins so, and its children with it: none of them could be interrupted by a test. A
    # handler that does nothing is not inherited, and we go on ignoring the signal.
    signal.signal(signal.SIGINT, lambda *_: None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the sound card through any fixture: they run beside none that keep a processor busy."""
    for item in items:
        if isinstance(item, pytest.Function) and not {"soundcard", "own_soundcard"}.isdisjoint(item.fixturenames):
            item.add_marker("soundcard")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Let the next test begin in English, whatever language a command of this one was told to speak."""
    yield
    os.environ["VOICE_LANG"] = ENGLISH
    speak(ENGLISH)


@pytest.fixture(scope="session")
def soundcard() -> Iterator[SoundCard]:
    """The virtual sound card; its absence fails the run in CI and skips elsewhere."""
    with started_card() as card:
        yield card


@pytest.fixture
def own_soundcard() -> Iterator[SoundCard]:
    """A virtual sound card for one test, which may end its server and remove its sinks."""
    with started_card() as card:
        yield card


@contextmanager
def started_card(rate_hz: int = RATE_HZ) -> Iterator[SoundCard]:
    """A card that is stopped on every way out."""
    lacking = missing_parts()
    if lacking:
        reason = f"the virtual sound card lacks {', '.join(lacking)}: apt install {PACKAGES}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    card = SoundCard(rate_hz)
    try:
        card.start()
        yield card
    finally:
        card.stop()
