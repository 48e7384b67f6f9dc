"""`voice bench resample`: what 20 ms cost a streaming resampler, and how late its output is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import soxr

from benchmarks.results import Result
from benchmarks.timing import interleaved
from engine.dsp.resample import make_resampler

_PAIRS = ((48000, 24000), (24000, 48000), (24000, 44100), (44100, 48000))
_BLOCK_MS = 20


def measure(seconds: float) -> Iterator[Result]:
    """Yield each pair of rates: the time of a block, against soxr's stream at its three best qualities."""
    for rate_in_hz, rate_out_hz in _PAIRS:
        block = np.random.default_rng(1).uniform(-0.5, 0.5, rate_in_hz * _BLOCK_MS // 1000).astype(np.float32)
        ours = make_resampler(rate_in_hz, rate_out_hz)
        rivals = {
            f"soxr {quality}": soxr.ResampleStream(rate_in_hz, rate_out_hz, 1, "float32", quality)
            for quality in ("HQ", "MQ", "QQ")
        }
        functions: dict[str, Callable[[], object]] = {"ours": partial(ours.process, block)}
        functions |= {name: partial(rival.resample_chunk, block) for name, rival in rivals.items()}
        figures = interleaved(functions, seconds)
        yield Result(
            "resample",
            f"{rate_in_hz}_{rate_out_hz}/{_BLOCK_MS}ms",
            "ns",
            figures["ours"],
            {name: figures[name] for name in rivals},
            {"withheld_ms": round(_withheld_ms(rate_in_hz, rate_out_hz), 2)},
        )


def _withheld_ms(rate_in_hz: int, rate_out_hz: int) -> float:
    """How much of one second fed in blocks has not come out when its last block has gone in."""
    resampler = make_resampler(rate_in_hz, rate_out_hz)
    frames = rate_in_hz * _BLOCK_MS // 1000
    out = sum(resampler.process(np.zeros(frames, np.float32)).size for _ in range(1000 // _BLOCK_MS))
    return 1000 * (1.0 - out / rate_out_hz)
