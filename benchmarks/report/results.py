"""Results of a benchmark: figures of ours and of its rivals from the same run, in the form `voice-bench/1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "voice-bench/1"
_NS_IN = {"ns": 1.0, "ms": 1e6}
_SCALE = ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (0.0, "ns"))


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The middle and the bad end of repeated measurements."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Result:
    """One case of one benchmark; `ours` and every rival were measured alternately in one run."""

    benchmark: str
    case: str
    unit: str
    """Unit of `ours` and `peers`; less is better."""
    ours: Quantiles
    peers: Mapping[str, Quantiles] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Other figures of the case; `missing` lists rivals that are not installed."""

    @property
    def ratio(self) -> dict[str, float]:
        """Factor by which ours is faster than each rival, by medians."""
        return {name: peer.p50 / self.ours.p50 for name, peer in self.peers.items() if self.ours.p50 > 0}

    def to_json(self) -> dict[str, Any]:
        """Return the case as an entry of `results`."""
        return {**asdict(self), "ratio": self.ratio}


def compared(
    benchmark: str,
    case: str,
    unit: str,
    figures: Mapping[str, Quantiles],
    *,
    missing: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
) -> Result:
    """Make the result of a case from figures by name, one of which is "ours".

    Args:
        benchmark: Name of the benchmark.
        case: Name of the case.
        unit: Of the figures.
        figures: What was measured, by name.
        missing: Rivals that are not installed.
        extra: What was measured besides.
    """
    peers = {peer: quantiles for peer, quantiles in figures.items() if peer != OURS}
    notes = {**(extra or {}), **({"missing": list(missing)} if missing else {})}
    return Result(benchmark, case, unit, figures[OURS], peers, notes)


OURS = "ours"


def with_unit(value: float, unit: str) -> str:
    """Three digits and a unit that suits them.

    Example:
        >>> with_unit(3120.0, "ns")
        '3.12 us'
    """
    value_ns = value * _NS_IN[unit]
    size, shown = next((size, shown) for size, shown in _SCALE if abs(value_ns) >= size)
    scaled = value_ns / (size or 1.0)
    digits = 0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2
    return f"{scaled:.{digits}f} {shown}"
