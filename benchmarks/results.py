"""What a benchmark gives: figures of ours and of its rivals from the same run, in the form `voice-bench/1`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SCHEMA = "voice-bench/1"


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The middle and the bad end of repeated measurements."""

    p50: float
    p99: float

    def to_json(self) -> dict[str, float]:
        """Return both, by name."""
        return {"p50": self.p50, "p99": self.p99}


@dataclass(frozen=True, slots=True)
class Result:
    """One case of one benchmark; `ours` and every rival were measured alternately in one run."""

    benchmark: str
    case: str
    unit: str
    """Of `ours` and `peers`; less is better."""
    ours: Quantiles
    peers: dict[str, Quantiles] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> dict[str, float]:
        """How many times faster ours is than each rival, by medians."""
        return {name: peer.p50 / self.ours.p50 for name, peer in self.peers.items() if self.ours.p50}

    def to_json(self) -> dict[str, Any]:
        """Return the case as an entry of `results`."""
        return {
            "benchmark": self.benchmark,
            "case": self.case,
            "unit": self.unit,
            "ours": self.ours.to_json(),
            "peers": {name: peer.to_json() for name, peer in self.peers.items()},
            "ratio": self.ratio,
            "extra": self.extra,
        }


def report(machine: dict[str, Any], results: list[Result]) -> dict[str, Any]:
    """Return the document that `voice bench --json` writes."""
    return {"schema": SCHEMA, "machine": machine, "results": [result.to_json() for result in results]}
