"""What the server is told was heard, against a recording of the speaker: sessions interrupted at random moments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.conftest import started_card
from tests.support.interruptions import interruptions
from tests.support.soundcard import SoundCard

pytestmark = pytest.mark.soundcard

BLOCK_MS = 10.0
WITHIN_MS = BLOCK_MS + 2.0


@pytest.fixture(scope="module", params=[44100, 48000])
def card(request: pytest.FixtureRequest) -> Iterator[SoundCard]:
    """A virtual sound card of that rate."""
    with started_card(request.param) as running:
        yield running


# 50 of each combination, 400 in all, take some four minutes.
@pytest.mark.parametrize("count", [7, pytest.param(50, marks=pytest.mark.long)])
@pytest.mark.parametrize("wire_rate_hz", [24000, 44100])
@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
async def test_what_is_told_is_what_sounded(card: SoundCard, backend: str, wire_rate_hz: int, count: int) -> None:
    evening = await interruptions(card, backend, wire_rate_hz, count)
    found = evening.interruptions
    if evening.unreadable:  # on a shared machine the sound server itself is sometimes late: once is forgiven
        evening = await interruptions(card, backend, wire_rate_hz, count, seed=2)
        # What could be read the first time counts too: a second evening excuses no wrong position.
        found = found + evening.interruptions
    assert not evening.unreadable
    errors_ms = np.array([one.error_ms for one in found])
    print(
        f"\n{backend} {wire_rate_hz} -> {card.rate_hz}: {len(found)} interruptions, error {errors_ms.min():+.2f} to "
        f"{errors_ms.max():+.2f} ms, median {np.median(errors_ms):+.2f}, after {[one.told_ms for one in found]} ms"
    )
    assert len(evening.interruptions) == count
    assert np.max(np.abs(errors_ms)) <= WITHIN_MS
    # They are no accident of one moment: most were in the middle of the answer.
    assert np.std([one.told_ms for one in found]) > 30
