"""A chain of processors: one that hangs is taken out, wherever it does."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from engine.audio.processing.chain import Chain
from engine.audio.processing.protocol import FRAMES, Samples


class Pondering:
    """Hangs while it is asked for a property, and then fails."""

    def __init__(self) -> None:
        self.asked, self.release = threading.Event(), threading.Event()

    def process(self, block: Samples, reference: Samples) -> Samples:
        return block

    @property
    def speech_probability(self) -> float:
        self.asked.set()
        self.release.wait(60)
        raise RuntimeError("no")


def test_a_processor_that_hangs_while_it_tells_of_itself_is_taken_out_once() -> None:
    warnings: list[str] = []
    pondering, block = Pondering(), np.zeros(FRAMES, np.float32)
    chain = Chain([pondering], warnings.append)
    thread = threading.Thread(target=chain.process, args=(block, block))
    thread.start()
    assert pondering.asked.wait(2), "properties are read with the block"
    try:
        assert chain.without_hung(0.5).names == ()
    finally:
        pondering.release.set()
        thread.join(20)
    (warning,) = warnings
    assert "Pondering was taken out" in warning


def test_a_processor_that_hung_and_fails_later_is_warned_of_once() -> None:
    class Late(Pondering):
        def process(self, block: Samples, reference: Samples) -> Samples:
            return block * np.float32(self.speech_probability)

    warnings: list[str] = []
    late, block = Late(), np.zeros(FRAMES, np.float32)
    chain = Chain([late], warnings.append)
    thread = threading.Thread(target=chain.process, args=(block, block))
    thread.start()
    assert late.asked.wait(20)
    chain.without_hung(0.5)
    late.release.set()
    thread.join(20)
    assert len(warnings) == 1


@pytest.mark.parametrize("ends", ["fails", "is slow"])
def test_where_the_canceller_is_taken_out_the_microphone_rests_while_the_agent_speaks(
    ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Canceller:
        cancels_echo = True
        blocks = 0

        def process(self, block: Samples, reference: Samples) -> Samples:
            self.blocks += 1
            if self.blocks > 1 and ends == "fails":
                raise RuntimeError("no")
            return block

    warnings: list[str] = []
    chain, block = Chain([Canceller()], warnings.append), np.ones(FRAMES, np.float32)
    silence = np.zeros_like(block)
    if ends == "is slow":
        clock = itertools.count()
        monkeypatch.setattr("engine.audio.processing.chain.monotonic", lambda: 0.4 * next(clock))
    while not warnings:
        assert chain.process(block, silence)[-1] == 1.0
    assert "Echo is cancelled no longer" in warnings[0]
    chain.process(block, block)
    assert chain.process(block, block).max() == 0.0
    assert chain.names == ("HalfDuplex",)
    assert len(warnings) == 1
