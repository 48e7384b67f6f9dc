"""The virtual sound card on the sound servers that the other tests do not use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support import jack_card, pipewire_card
from tests.support.jack_card import JackCard
from tests.support.pipewire_card import PipewireCard
from tests.support.soundcard import SoundCard

CARDS = {"PipeWire": (PipewireCard, pipewire_card.missing_parts), "JACK": (JackCard, jack_card.missing_parts)}


@contextmanager
def other_card(server: str, **options: object) -> Iterator[SoundCard]:
    """A card that is stopped on every way out; its absence fails the run in CI and skips elsewhere."""
    kind, missing_parts = CARDS[server]
    if lacking := missing_parts():
        reason = f"{server} lacks {', '.join(lacking)}: run .ci/setup test"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    card = kind(**options)
    try:
        card.start()
        yield card
    finally:
        card.stop()
