"""The recommendation by its rule, and what is said where something was not measured."""

from __future__ import annotations

import pytest

from backends.portaudio import BLOCK_MS
from benchmarks.report.results import Quantiles, Result
from benchmarks.report.verdict import Advice, advise, key_figures, recommendation, sentences
from engine.audio.session_audio import BLOCK_MS as SENT_MS


def _callback(
    design: str, frames: int, broken_ms: float = 0.0, load: str = "spinning", took_ms: float = 10_000
) -> Result:
    block_ms = frames / 48
    extra = {
        "delivered": 1,
        "expected": took_ms / block_ms,
        "broken_ms": broken_ms,
        "lost_percent": round(100 * broken_ms / took_ms, 1),
        "block_ms": block_ms,
        "on_audio_thread": "python" if design.startswith("python") or design == "virtual" else "compiled",
    }
    return Result("callback", f"callback/{design}/{load}/{frames}", "ms", Quantiles(10.0, 11.0), extra=extra)


def _latency(backend: str, frames: int, ms: float) -> Result:
    extra = {"block_ms": frames / 48, "measured_ms": ms, "reported_ms": 2 * ms, "jitter_ms": 0.0, "openings": 24}
    return Result("latency", f"latency/{backend}/{frames}", "ms", Quantiles(ms, ms), extra=extra)


def test_the_shortest_round_trip_among_whole_blocks_is_recommended() -> None:
    runs = [_callback("sounddevice", frames) for frames in (120, 240, 480)]
    runs += [_latency("sounddevice", frames, ms) for frames, ms in ((120, 12.0), (240, 20.0), (480, 30.0))]
    assert advise(runs) == Advice("sounddevice", 2.5, broken_ms=0.0, round_trip_ms=12.0)
    runs.append(_callback("sounddevice", 120, broken_ms=2.5, load="all_cores"))
    assert advise(runs) == Advice("sounddevice", 5.0, broken_ms=0.0, round_trip_ms=20.0)


def test_a_shorter_block_that_gains_nothing_is_not_recommended() -> None:
    runs = [_callback("sounddevice", 120), _callback("sounddevice", 240)]
    runs += [_latency("sounddevice", 120, 15.0), _latency("sounddevice", 240, 15.2)]
    advice = advise(runs)
    assert advice is not None
    assert advice.block_ms == 5.0


def test_between_equal_backends_sounddevice_is_recommended_and_between_others_the_sooner() -> None:
    runs = [_callback("pyaudio", 480), _callback("sounddevice", 480)]
    alike = [*runs, _latency("pyaudio", 480, 30.0), _latency("sounddevice", 480, 30.1)]
    sooner = [*runs, _latency("pyaudio", 480, 20.0), _latency("sounddevice", 480, 30.0)]
    found = [advise(each) for each in (alike, sooner)]
    assert [advice.backend for advice in found if advice] == ["sounddevice", "pyaudio"]


def test_where_all_lose_sound_the_least_is_recommended_and_it_is_said() -> None:
    runs = [_callback("sounddevice", 120, 100.0), _callback("sounddevice", 480, 10.0)]
    advice = advise(runs)
    assert advice is not None
    assert (advice.block_ms, advice.is_safe) == (10.0, False)
    assert any("lost some sound" in sentence for sentence in recommendation(runs, {}))


def test_designs_with_python_on_the_audio_thread_are_never_recommended() -> None:
    assert advise([_callback("python-sounddevice", 480), _callback("virtual", 480)]) is None


def test_what_was_not_measured_is_said() -> None:
    assert "`voice bench callback` was not run" in recommendation([_latency("sounddevice", 480, 30.0)], {})[0]
    assert "was too short" in recommendation([_callback("sounddevice", 480, took_ms=400)], {})[0]
    default = f"The default, {BLOCK_MS:g} ms for the speaker and {SENT_MS:g} ms for the microphone"
    assert default in recommendation([], {})[0]
    said = recommendation([_callback("sounddevice", 480)], {})
    assert said[0].endswith("--backend sounddevice --block-ms 10")
    assert any("`voice bench latency` was not run" in sentence for sentence in said)
    assert any("`voice bench session` was not run" in sentence for sentence in said)


@pytest.mark.parametrize(("load", "is_busy"), [(11.0, True), (0.2, False)])
def test_a_recommendation_of_a_busy_machine_says_so(load: float, is_busy: bool) -> None:
    said = recommendation([_callback("sounddevice", 480)], {"load": load, "cores": 2})
    assert any("load 11.0 on 2 cores" in sentence for sentence in said) == is_busy


def test_the_contrast_is_told_in_percent_of_the_sound() -> None:
    runs = [_callback("sounddevice", 480), _callback("pyaudio", 480), _callback("python-sounddevice", 480, 4050.0)]
    (said,) = sentences(runs)
    assert said.startswith("Three busy Python threads, 10 ms blocks, 10 s:")
    assert "callbacks in Python lost 40.5 % (sounddevice) of the sound" in said
    assert "0 % (sounddevice) and 0 % (pyaudio)." in said


def test_measured_and_reported_are_told_apart_and_runs_have_key_figures() -> None:
    runs = [_latency("sounddevice", 480, 30.0), _latency("sounddevice", 120, 15.0), _callback("pyaudio", 480, 50.0)]
    said = sentences(runs)
    assert "30.00 ms measured, 60.00 ms reported" in said[0]
    assert "15.00 ms measured" in said[1]
    assert key_figures(runs) == ["round trip 30.00 ms at 10 ms blocks", "0.5 % lost at worst"]
