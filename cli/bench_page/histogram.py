"""Histograms of milliseconds, with where their median and their 99th percentile lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np

from benchmarks.results import Quantiles
from cli.bench_page.axes import round_step, round_up
from cli.bench_page.chart import Chart

_BINS = 40


def histogram(
    title: str,
    samples_ms: Sequence[float],
    figures: Quantiles,
    class_: str,
    *,
    unit: str,
    size: tuple[float, float],
    most_ms: float | None = None,
    is_log: bool = False,
) -> Element:
    """Draw how often each value came.

    Args:
        title: What was measured.
        samples_ms: At least one.
        figures: Of all that was measured; the samples may be some of it.
        class_: The colour's.
        unit: What is counted, for the upright axis.
        size: Width and height in pixels.
        most_ms: The end of the axis; None fits it to the samples, which then need not begin at zero.
        is_log: Count on a logarithmic axis: one late block among thousands is seen.
    """
    p50, p99, largest = figures.p50, figures.p99, max(samples_ms)
    low = 0.0 if most_ms is not None else _round_down(min(samples_ms), largest)
    high = most_ms if most_ms is not None else low + round_up(max(largest - low, 1e-3))
    counts, edges = np.histogram(np.clip(samples_ms, low, high), _BINS, (low, high))
    most = float(counts.max())
    y = (0.7, 10 ** math.ceil(math.log10(most * 1.2))) if is_log else (0.0, round_up(most * 1.12))
    chart = Chart(
        title,
        f"Histogram of {len(samples_ms)} values: half below {p50:.2f} ms, 99 in 100 below {p99:.2f} ms, the largest "
        f"{largest:.2f} ms.",
        (low, high, "ms"),
        (y[0], y[1], unit),
        size=size,
        is_y_log=is_log,
    )
    chart.columns([float(edge) for edge in edges], [float(each) for each in counts], class_)
    chart.mark_x(p50, f"p50 {p50:.2f}", "p50")
    chart.mark_x(p99, f"p99 {p99:.2f}", "p99", row=1)
    return chart.svg


def _round_down(least: float, largest: float) -> float:
    """Zero, unless the samples lie so close together far from it that they would make one column."""
    if least < 0.6 * largest:
        return 0.0
    step = round_step(max(largest - least, 1e-3) / 2)
    return step * math.floor(least / step)
