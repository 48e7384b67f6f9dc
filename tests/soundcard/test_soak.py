"""Half an hour of real time on the virtual sound card, with a fault every ten seconds."""

from __future__ import annotations

import os
import sys
from collections import Counter

import numpy as np
import pytest

from tests.support.soak import Soak
from tests.support.soundcard import SoundCard

if sys.platform == "win32":
    pytest.skip("these signals are no things of Windows", allow_module_level=True)

pytestmark = pytest.mark.soundcard

MINUTES = float(os.environ.get("VOICE_SOAK_MINUTES", "30"))
WITHIN_MS = 12.0
"""A block and 2 ms, as in test_heard."""
FLAT_MB = 8.0


@pytest.mark.long
@pytest.mark.timeout(60 * MINUTES + 300)
async def test_half_an_hour_of_faults_costs_no_position_and_no_memory(own_soundcard: SoundCard) -> None:
    soak = Soak(own_soundcard, minutes=MINUTES)
    voice = await soak.run()
    figures, summary = soak.figures, voice.events[-1]
    calm = [cut for cut in figures.calm if cut.sounded_ms is not None]
    told = Counter[str]()
    for event in voice.of("xrun"):
        told[event["side"]] += event["frames"]
    counted = {event["side"]: event["total_frames"] for event in voice.of("xrun")}
    memory_mb = figures.memory_mb
    warm = memory_mb[min(29, len(memory_mb) // 3) :]
    print(f"\nfaults: {dict(figures.faults)}")
    print(f"cuts in calm: {len(calm)} read of {len(figures.calm)}, wrong: {figures.wrong(WITHIN_MS)}")
    print(f"their error: {min(cut.error_ms for cut in calm):+.1f} to {max(cut.error_ms for cut in calm):+.1f} ms")
    for name in figures.faults:
        near = [cut for near, cut in figures.disturbed if near == name]
        read = [cut.error_ms for cut in near if cut.sounded_ms is not None]
        print(f"near {name}: {len(near)} cuts, errors {[round(error) for error in read]} ms")
    print(f"microphone: {figures.microphone_s:.1f} s were sent in {figures.lasted_s:.1f} s")
    print(f"nothing told: {dict(figures.untold)}")
    print(f"lost frames told: {dict(told)}, counted: {counted}; summary: {summary}")
    print(f"memory in MB, at every sixth fault: {[round(size, 1) for size in memory_mb[::6]]}")
    assert summary["reason"] == "ended by the user"
    assert told == counted
    assert told["output"] > 0
    assert summary["reconnects"] == figures.faults["socket cut"]
    assert len(calm) >= 0.9 * len(figures.calm)
    assert not figures.wrong(WITHIN_MS)
    assert figures.untold["none"] == 0
    assert max(warm) - warm[0] <= FLAT_MB
    assert np.std([cut.told_ms for cut in calm]) > 100
