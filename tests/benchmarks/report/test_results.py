"""The form `voice-bench/1`, and the registry that `voice bench` reads."""

from __future__ import annotations

import json

from benchmarks.registry import BENCHMARKS
from benchmarks.report.document import Document
from benchmarks.report.machine import describe_machine
from benchmarks.report.results import Quantiles, compared
from benchmarks.report.rivals import find_rival


def test_a_result_as_json_has_exactly_the_fields_of_the_schema() -> None:
    figures = {"ours": Quantiles(10.0, 20.0), "numpy": Quantiles(35.0, 40.0)}
    result = compared("dsp", "downmix/480", "ns", figures, missing=["orjson"], extra={"frames": 480})
    assert result.to_json() == {
        "benchmark": "dsp",
        "case": "downmix/480",
        "unit": "ns",
        "ours": {"p50": 10.0, "p99": 20.0},
        "peers": {"numpy": {"p50": 35.0, "p99": 40.0}},
        "ratio": {"numpy": 3.5},
        "extra": {"frames": 480, "missing": ["orjson"]},
    }


def test_nothing_measured_has_no_ratio() -> None:
    assert compared("dsp", "x", "ns", {"ours": Quantiles(0.0, 0.0), "numpy": Quantiles(1.0, 1.0)}).ratio == {}


def test_the_report_names_the_machine_and_is_plain_json() -> None:
    document = json.loads(json.dumps(Document(describe_machine(), ()).to_json(), allow_nan=False))
    assert document["schema"] == "voice-bench/1"
    assert document["results"] == []
    assert document["machine"]["cores"] >= 1
    assert all(document["machine"][field] for field in ("cpu", "os", "python"))
    assert {"numpy", "numba"} <= document["machine"]["packages"].keys()


def test_the_cases_of_all_benchmarks_have_names_of_their_own_and_run_quicker_when_asked() -> None:
    cases = [case for benchmark in BENCHMARKS.values() for case in benchmark.cases()]
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    assert all(0 < case.seconds(quick=True) < case.seconds(quick=False) for case in cases)


def test_a_missing_rival_is_none() -> None:
    assert find_rival("json") is json
    assert find_rival("there_is_no_such_rival") is None
