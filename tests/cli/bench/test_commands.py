"""`voice bench` as a person runs it: every benchmark once, quickly, and what the files and the terminal then hold."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.registry import BENCHMARKS
from benchmarks.report.document import read_document
from cli.bench.table import tables
from engine.dsp.compile.cache import wanted_folder
from tests.support.soundcard import SoundCard
from tests.support.voice_process import VOICE

pytestmark = pytest.mark.timing

_ISSUED = {
    "float32_to_pcm16/480",
    "float32_to_pcm16_kept/480",
    "pcm16_to_float32_kept/480",
    "meter/480",
    "put_get/480",
    "native_pair/64",
    "process/960",
    "resample/24000-48000",
    "resample/48000-24000",
    "delta_to_samples/512ms",
    "append_frame/20ms",
    "startup/help",
    "startup/import",
    "startup/engine",
    "startup/first_line",
    "startup/ready",
    "startup/client",
    "latency/sounddevice/480",
    "latency/pyaudio/480",
    "session/capture_to_wire",
    "session/wire_to_ring",
    "session/barge_in_to_silence",
    "session/turn",
    "session/delta_on_loop/100ms",
    "session/delta_on_loop/1s",
    "session/delta_on_loop/38s",
}
_RUNS = {
    ("sounddevice", "idle"),
    *((design, "spinning") for design in ("sounddevice", "pyaudio", "python-sounddevice")),
}
Everything = tuple[str, dict[str, Any]]


def _bench(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VOICE, "bench", *arguments], capture_output=True, text=True, env=env, check=False)


@pytest.fixture(scope="module")
def everything(soundcard: SoundCard, tmp_path_factory: pytest.TempPathFactory) -> Everything:
    """The terminal and the file of one quick run of all benchmarks on the virtual sound card."""
    path = tmp_path_factory.mktemp("bench") / "figures.json"
    arguments = ("all", "--quick", "--json", str(path), "--html", str(path.with_suffix(".html")))
    run = _bench(*arguments, env={**soundcard.environment, "COLUMNS": "200"})
    assert run.returncode == 0, run.stderr
    page = path.with_suffix(".html").read_text(encoding="utf-8")
    parts = {part.partition("</h2>")[0].lower(): part for part in page.split("<h2>")[1:]}
    assert parts.keys() == BENCHMARKS.keys()
    assert all("<svg" in part for part in parts.values()), "every benchmark is drawn"
    assert "This was a quick run" in page
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return run.stdout, document


def test_the_file_has_the_schema_and_every_case(everything: Everything) -> None:
    _, document = everything
    assert document.keys() == {"schema", "quick", "machine", "results"}
    assert document["quick"] is True
    assert document["schema"] == "voice-bench/1"
    results = document["results"]
    assert {result["case"] for result in results} >= _ISSUED
    for result in results:
        assert result.keys() == {"benchmark", "case", "unit", "ours", "peers", "ratio", "extra"}
        assert result["ratio"].keys() == result["peers"].keys()
        for figures in (result["ours"], *result["peers"].values()):
            assert 0 < figures["p50"] <= figures["p99"] < math.inf


def test_ratios_say_how_many_times_faster_ours_is(everything: Everything) -> None:
    for result in everything[1]["results"]:
        for name, peer in result["peers"].items():
            assert result["ratio"][name] == pytest.approx(peer["p50"] / result["ours"]["p50"])


def test_the_kept_addresses_are_faster_than_the_naive_line(everything: Everything) -> None:
    results = {result["case"]: result for result in everything[1]["results"]}
    assert results["float32_to_pcm16_kept/480"]["ratio"]["numpy"] > 1


def test_resamplers_are_described(everything: Everything) -> None:
    pairs = [result for result in everything[1]["results"] if result["benchmark"] == "resample"]
    assert len(pairs) == 12
    for result in pairs:
        assert result["extra"].keys() >= {"delay_ms", "snr_db", "rejection_db", "phase"}
        assert result["extra"]["soxr HQ"]["snr_db"] > 100
        assert 0 <= result["extra"]["delay_ms"] < 100


def test_every_playback_design_of_a_device_was_run_beside_a_busy_interpreter(everything: Everything) -> None:
    runs = {result["case"]: result for result in everything[1]["results"] if result["benchmark"] == "callback"}
    assert {tuple(case.split("/")[1:3]) for case in runs} == _RUNS
    assert {case.split("/")[3] for case in runs} == {"480"}
    for result in runs.values():
        extra = result["extra"]
        assert extra["delivered"] == len(extra["gap_ms"]) + 1
        assert extra["expected"] >= 35
        assert 0 <= extra["lost_percent"] <= 100
        assert extra["broken_ms"] >= 0
        assert extra["gap_ms_max"] == max(extra["gap_ms"])
        assert result["ours"]["p99"] <= extra["gap_ms_max"] + 0.01


def test_only_compiled_code_runs_on_the_audio_thread_of_devices(everything: Everything) -> None:
    for result in everything[1]["results"]:
        if result["benchmark"] == "callback":
            is_ours = result["case"].split("/")[1] in ("sounddevice", "pyaudio")
            assert result["extra"]["on_audio_thread"] == ("compiled" if is_ours else "python")


def test_the_terminal_shows_ours_and_the_rivals(everything: Everything) -> None:
    shown = everything[0]
    assert all(word in shown for word in ("float32_to_pcm16/480", "numpy", "soxr HQ", "queue.Queue", "broken"))


def test_the_terminal_says_what_the_figures_mean(everything: Everything) -> None:
    shown = " ".join(everything[0].split())
    assert "callbacks in Python lost" in shown
    assert "ms measured," in shown
    assert "was too short" in shown, "a quick run recommends nothing"
    assert "This was a quick run" in shown


def test_several_benchmarks_run_in_turn_are_kept_listed_and_compared(tmp_path: Path) -> None:
    # A home of its own, and the kernels of everybody: compiling them took half of this test's time.
    data = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    env = {**os.environ, **data, "VOICE_CACHE_DIR": str(wanted_folder()), "COLUMNS": "80"}
    empty = _bench("history", env=env)
    assert empty.returncode == 0
    assert "No run has been saved in" in empty.stderr
    assert _bench("dsp", "--compare", "last", env=env).returncode == 2
    first = _bench("dsp", "ring", "--quick", "--save", env=env)
    assert first.returncode == 0, first.stderr
    kept = first.stderr.partition("Saved as ")[2].split(":")[0]
    (listed,) = json.loads(_bench("history", "--json", env=env).stdout)
    assert (listed["id"], listed["benchmarks"], listed["quick"]) == (kept, ["dsp", "ring"], True)
    shown = _bench("history", env=env).stdout
    assert kept in shown
    assert "(quick)" in shown
    for older in ("last", kept, listed["path"]):
        again = _bench("dsp", "--quick", "--compare", older, env=env)
        assert again.returncode == 0, again.stderr
        assert "no difference beyond the noise" in " ".join(again.stdout.split())
        assert "Not run this time: ring." in again.stdout
    Path(listed["path"]).with_name("20200101-000000.json").write_text("{", encoding="utf-8")
    damaged = _bench("history", "--json", env=env)
    assert "20200101-000000.json is not JSON" in damaged.stderr
    assert len(json.loads(damaged.stdout)) == 1


def test_tables_fit_a_terminal_of_80_columns(everything: Everything, tmp_path: Path) -> None:
    document = everything[1]
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    console = Console(width=80, file=(shown := io.StringIO()))
    for table in tables(read_document(path).results, console):
        console.print(table)
    lines = shown.getvalue().splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "in a wider terminal" not in shown.getvalue()
    assert all(any(run["case"].partition("/")[2] in line for line in lines) for run in document["results"])


def test_without_a_name_the_benchmarks_are_listed_and_the_shortest_runs() -> None:
    run = _bench()
    assert run.returncode == 0
    for name in ("dsp", "ring", "port", "resample", "events", "startup", "latency", "session", "callback"):
        assert any(line.split()[:1] == [name] and len(line.split()) > 4 for line in run.stdout.splitlines())
    assert "float32_to_pcm16/480" in run.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
def test_interrupting_keeps_what_was_measured(tmp_path: Path) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    path = tmp_path / "figures.json"
    command = [VOICE, "bench", "dsp", "--json", str(path), "--html", str(tmp_path / "page.html"), "--save"]
    with Terminal(command, {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "VOICE_LANG": "en"}) as terminal:
        terminal.wait_for(" 3 of ")
        terminal.press("\x03")
        assert terminal.wait() == 130, terminal.shown
        shown = " ".join(terminal.shown.split())
    cases = [result["case"] for result in json.loads(path.read_text(encoding="utf-8"))["results"]]
    assert cases == ["float32_to_pcm16/480", "float32_to_pcm16_kept/480"]
    assert "float32_to_pcm16_kept/480" in shown
    assert "Interrupted: 2 cases" in shown
    assert "was interrupted" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Saved as " in shown
