"""Verdict on the figures, in plain words: the recommended block and backend, and what has not been measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.report.results import Result, with_unit

RULE = (
    "How it is chosen: among the backends without Python on the audio thread, and the block lengths that lost no sound "
    "under any load, the shortest round trip wins. Within 0.5 ms the longer block wins, as it costs less, and then "
    "sounddevice."
)
BUSY = {
    "idle": "Python idle",
    "spinning": "three busy Python threads",
    "c_calls": "long calls of C",
    "all_cores": "all cores busy",
}
"""The loads of `voice bench callback` in words."""
WAYS = {
    "session/capture_to_wire": "microphone block to socket",
    "session/wire_to_ring": "socket to playback ring",
    "session/barge_in_to_silence": "speech_started to silence",
    "session/turn": "end of speech to first sound",
}
"""Description of each case of `voice bench session`."""
ABOUT_SOUND = ("latency", "session", "callback")
"""The benchmarks that a recommendation rests on."""
_LONG_ENOUGH_MS = 5000.0
"""Shorter runs show that playback works, not that it lasts."""
_ALIKE_MS = 0.5
_IDLE_SHARE = 0.25
"""Share of the cores above which other programs are taken to have disturbed the measurement."""
_FIRST = "sounddevice"


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice on the options of `voice run`, and its grounds."""

    backend: str
    block_ms: float
    broken_ms: float
    """Sound that it lost under all loads together."""
    round_trip_ms: float | None
    """Measured; None where `voice bench latency` has not run."""

    @property
    def is_safe(self) -> bool:
        """It lost no sound under any load."""
        return self.broken_ms == 0


def advise(results: Iterable[Result]) -> Advice | None:
    """Return the recommendation by `RULE`; None where the callbacks were not measured long enough."""
    choices = list(_choices(list(results)))
    if not choices:
        return None
    least = min(choice.broken_ms for choice in choices)
    best = [choice for choice in choices if choice.broken_ms == least]
    trips = {choice: choice.round_trip_ms for choice in best if choice.round_trip_ms is not None}
    if not trips:
        return min(best, key=lambda choice: (choice.block_ms, choice.backend != _FIRST))
    near = [choice for choice, trip_ms in trips.items() if trip_ms < min(trips.values()) + _ALIKE_MS]
    return max(near, key=lambda choice: (choice.block_ms, choice.backend == _FIRST))


def _choices(results: Sequence[Result]) -> Iterator[Advice]:
    """Yield each native backend with each block, and all the sound it lost."""
    trips = {tuple(result.case.split("/")[1:]): result.ours.p50 for result in results if result.benchmark == "latency"}
    broken: dict[tuple[str, str], list[float]] = {}
    lengths: dict[tuple[str, str], float] = {}
    for result in results:
        extra = result.extra
        if result.benchmark == "callback" and extra.get("on_audio_thread") == "compiled":
            _, backend, _, frames = result.case.split("/")
            if float(extra["expected"]) * float(extra["block_ms"]) >= _LONG_ENOUGH_MS:
                broken.setdefault((backend, frames), []).append(float(extra["broken_ms"]))
                lengths[backend, frames] = float(extra["block_ms"])
    for key, lost in broken.items():
        yield Advice(key[0], lengths[key], sum(lost), trips.get(key))


def sentences(results: Sequence[Result]) -> list[str]:
    """Say what the benchmarks of sound found, a sentence or two for each that was run."""
    by_case = {result.case: result for result in results}
    return [*_of_callbacks(results), *_of_latency(results), *_of_session(by_case)]


def recommendation(results: Sequence[Result], machine: Mapping[str, Any]) -> list[str]:
    """Say which `--block-ms` and backend suit this machine, as far as is known, and what is not known."""
    advice = advise(results)
    ran = {result.benchmark for result in results}
    if advice is None:
        lack = "was too short" if "callback" in ran else "was not run"
        return [
            f"No recommendation: `voice bench callback` {lack}. The default, 10 ms for the speaker and 20 ms for the "
            "microphone, is a safe start."
        ]
    said = [f"Recommended for this machine: --backend {advice.backend} --block-ms {advice.block_ms:g}"]
    load, cores = machine.get("load"), machine.get("cores")
    if load and cores and load > _IDLE_SHARE * cores:
        said.append(
            f"The machine was busy before the run (load {load:.1f} on {cores:d} cores): measure again when it is idle."
        )
    if not advice.is_safe:
        said.append("Every block lost some sound under load; this one lost least.")
    if advice.round_trip_ms is None:
        said.append("The latency is unknown: `voice bench latency` was not run with this block.")
    if "session" not in ran:
        said.append("The delays in a session are unknown: `voice bench session` was not run.")
    return said


def key_figures(results: Sequence[Result]) -> list[str]:
    """Return the one or two figures of each benchmark that tell runs apart, in a few words each."""
    said: dict[str, str] = {}
    for result in results:
        benchmark, case = result.benchmark, result.case.removeprefix(f"{result.benchmark}/")
        extra = result.extra
        if benchmark == "callback":
            if extra.get("on_audio_thread") == "compiled":
                worst = max(float(extra["lost_percent"]), float(said.get(benchmark, "0").split()[0]))
                said[benchmark] = f"{worst:g} % lost at worst"
        elif benchmark == "session":
            words = {"capture_to_wire": "to wire", "barge_in_to_silence": "to silence"}.get(case)
            if words:
                said[result.case] = f"{words} {result.ours.p50:.2f} ms"
        elif benchmark == "latency":
            said.setdefault(benchmark, f"round trip {result.ours.p50:.2f} ms at {extra['block_ms']:g} ms blocks")
        else:
            said.setdefault(benchmark, f"{case} {with_unit(result.ours.p50, result.unit)}")
    return list(said.values())


def _of_callbacks(results: Sequence[Result]) -> Iterator[str]:
    runs: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if result.benchmark == "callback":
            _, _, load, frames = result.case.split("/")
            runs.setdefault((load, frames), []).append(result)
    for (load, _), group in runs.items():
        ours = [_loss(result) for result in group if result.extra.get("on_audio_thread") == "compiled"]
        python = [_loss(result) for result in group if result.case.split("/")[1].startswith("python-")]
        if ours and python:
            first = group[0].extra
            length_s = float(first["expected"]) * float(first["block_ms"]) / 1000
            yield (
                f"{capital(BUSY.get(load, load))}, {first['block_ms']:g} ms blocks, {length_s:.3g} s: callbacks in "
                f"Python lost {_listed(python)} of the sound; ours, without Python on the audio thread, "
                f"{_listed(ours)}."
            )


def _loss(result: Result) -> str:
    design = result.case.split("/")[1].removeprefix("python-")
    return f"{float(result.extra['lost_percent']):g} % ({design})"


def _of_latency(results: Sequence[Result]) -> Iterator[str]:
    runs = [result for result in results if result.benchmark == "latency"]
    if not runs:
        return
    if pair := [str(runs[0].extra[side]) for side in ("output", "input") if side in runs[0].extra]:
        yield f"The round trip was measured on {' -> '.join(pair)}."
    shortest = min(runs, key=lambda result: result.ours.p50)
    usual = runs[0]
    for result in (usual,) if shortest is usual else (usual, shortest):
        extra = result.extra
        yield (
            f"Round trip with {extra['block_ms']:g} ms blocks on {result.case.split('/')[1]}: "
            f"{extra['measured_ms']:.2f} ms measured, {extra['reported_ms']:.2f} ms reported by the devices; spread "
            f"{extra['jitter_ms']:g} ms over {extra['openings']} openings."
        )


def _of_session(by_case: dict[str, Result]) -> Iterator[str]:
    said = [
        f"{words} {by_case[case].ours.p50:.2f} ms (p99 {by_case[case].ours.p99:.2f})"
        for case, words in WAYS.items()
        if case in by_case
    ]
    if said:
        extra: Any = by_case["session/turn"].extra if "session/turn" in by_case else {}
        idle = extra.get("idle_cpu_percent")
        said += [f"{idle:.1f} % of one core idle"] if idle is not None else []
        yield f"A session: {', '.join(said)}."


def capital(text: str) -> str:
    """Return the words as the beginning of a sentence; `str.capitalize` would write "python".

    Example:
        >>> capital("all cores busy")
        'All cores busy'
    """
    return text[:1].upper() + text[1:]


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
