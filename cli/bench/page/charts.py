"""The charts of the page: matplotlib draws them as SVG, the page's style gives them their colours.

A chart is as wide as a phone shows it, about 420 pixels; on a wide screen two stand side by side.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from benchmarks.report.results import Quantiles
from cli.language.spoken import translated

TEXT, SOFT, LINE, *SERIES = ("text", "soft", "line", "s0", "s1", "s2", "s3", "s4", "s5")
"""Custom properties of the page's style: the colours of the charts."""
_COLOURS = {name: f"#0000{number:02x}" for number, name in enumerate((TEXT, SOFT, LINE, *SERIES), start=1)}
"""Placeholder colours for matplotlib, which knows no properties; the SVG has the properties in their place."""
_WIDTH, _MARGIN, _PER_INCH = 420, 12, 72
_STYLE: dict[Any, Any] = {
    **{
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.sans-serif": "DejaVu Sans",
        "font.size": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
    },
    **{"axes.edgecolor": _COLOURS[SOFT], "axes.labelcolor": _COLOURS[TEXT], "text.color": _COLOURS[TEXT]},
    **{"xtick.color": _COLOURS[SOFT], "ytick.color": _COLOURS[SOFT], "grid.color": _COLOURS[LINE]},
    **{"axes.grid": True, "axes.axisbelow": True, "axes.titlesize": 12, "legend.frameon": False},
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_COLUMNS = 230
"""Most columns of a time line; more would enlarge the file and show nothing new."""
_BINS = 40
_LEAST = 0.7
"""Lower end of a logarithmic axis of counts, below 1 so that a count of one is visible."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One inline SVG."""

    title: str
    description: str
    """Alternative text for screen readers: the subject and its figures."""
    height: int
    drawn: str
    """The elements inside the SVG."""
    width: int = _WIDTH


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its name above it and its figure beside it."""

    name: str
    value: float
    text: str
    colour: str


def lines(title: str, axes_names: tuple[str, str], series: Mapping[str, Sequence[tuple[float, float]]]) -> Chart:
    """Draw points that are connected.

    Args:
        title: What is shown.
        axes_names: Of x and y, with their units; both begin at zero.
        series: Points by name. They come in pairs: a full line, and a broken one in the same colour.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, (name, points) in enumerate(series.items()):
            # Where two are alike, one lies under the other: the first is drawn wide and full to be seen there too.
            is_first, colour = number < 2, _COLOURS[SERIES[number // 2 % len(SERIES)]]
            axes.plot(
                *zip(*points, strict=True),
                color=colour,
                linewidth=4 if is_first else 1.5,
                linestyle="--" if number % 2 else "-",
                marker="o",
                markersize=6 if is_first else 10,
                markerfacecolor=colour if is_first else "none",
                label=translated(name),
            )
        axes.margins(0.1)
        axes.set(xlabel=translated(axes_names[0]), ylabel=translated(axes_names[1]), xlim=(0, None), ylim=(0, None))
        axes.legend(loc="upper left")

    said = (f"{name}: {', '.join(f'{x:g} is {y:.2f}' for x, y in points)}" for name, points in series.items())
    return _draw(title, said, 280, paint)


def bars(title: str, axis_name: str, rows: Sequence[Bar], *, most: float | None = None) -> Chart:
    """Draw lying bars.

    Args:
        title: What is shown.
        axis_name: With its unit.
        rows: From the top downwards.
        most: The end of the axis, which begins at zero; None for ratios, whose axis is logarithmic.
    """

    def paint(figure: Figure) -> None:
        figure.subplots_adjust(left=_MARGIN / _WIDTH)
        axes = figure.subplots()
        places, values = range(len(rows)), [row.value for row in rows]
        start = 0.0 if most is not None else 1.0
        widths = [value - start for value in values]
        axes.barh(places, widths, 0.34, left=start, color=[_COLOURS[row.colour] for row in rows])
        if most is not None:
            axes.set_xlim(0, most)
        else:
            axes.set(xscale="log", xlim=(min(0.8, 0.8 * min(values)), 1.5 * max(2.0, *values)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.minorticks_off()
        left = axes.get_yaxis_transform()
        for place, row in zip(places, rows, strict=True):
            axes.text(0.01, place - 0.24, f"{row.name}: {row.text}", transform=left, verticalalignment="bottom")
        axes.set(xlabel=translated(axis_name), ylim=(len(rows) - 0.7, -0.8), yticks=[])

    return _draw(title, (f"{row.name}: {row.text}" for row in rows), 60 + 36 * len(rows), paint)


def samples(
    title: str, values_ms: Sequence[float], figures: Quantiles, counted: str, colour: str, most: float
) -> Chart:
    """Draw values over time, and their histogram with a logarithmic axis, on which one outlier of thousands shows.

    Args:
        title: What was measured.
        values_ms: At least one.
        figures: Of all that was measured; the values may be some of it.
        counted: What each value belongs to, in the plural.
        colour: One of `SERIES`.
        most: The longest that has room; longer ones lie on the edge.
    """
    values = np.minimum(np.asarray(values_ms, float), most)

    def paint(figure: Figure) -> None:
        in_time, often = figure.subplots(2)
        edges = np.linspace(0, values.size, min(_COLUMNS, values.size) + 1)
        filled = {"fill": True, "color": _COLOURS[colour]}
        in_time.stairs(np.maximum.reduceat(values, edges[:-1].astype(int)), edges, **filled)
        in_time.set(xlabel=translated(f"{counted} in their order"), ylabel="ms", xlim=(0, values.size), ylim=(0, most))
        counts, bins = np.histogram(values, _BINS, (0, most))
        often.set_yscale("log")
        often.yaxis.set_major_formatter("{x:g}")
        often.minorticks_off()
        often.stairs(np.maximum(counts, _LEAST), bins, baseline=_LEAST, **filled)
        often.set(xlabel="ms", ylabel=translated(counted), xlim=(0, most), ylim=(_LEAST, None))
        for value, dashes in ((figures.p50, "--"), (figures.p99, ":")):
            often.axvline(min(value, most), color=_COLOURS[TEXT], linestyle=dashes, linewidth=1.2)
        often.set_title(
            translated(f"broken line: half are below {figures.p50:.3g} ms\ndots: 99 % are below {figures.p99:.3g} ms")
        )

    largest = max(values_ms)
    said = f"{len(values_ms)} {counted}: half below {figures.p50:.2f} ms, 99 in 100 below {figures.p99:.2f} ms"
    return _draw(title, (said, f"the longest {largest:.2f} ms"), 340, paint)


def _draw(title: str, said: Iterable[str], height: int, paint: Callable[[Figure], None]) -> Chart:
    """Let a chart be painted, and write it; the same chart is written alike each time."""
    with style.context(["default", {**_STYLE, "svg.hashsalt": title}]):
        figure = Figure(figsize=(_WIDTH / _PER_INCH, height / _PER_INCH))
        figure.subplots_adjust(52 / _WIDTH, 44 / height, 1 - _MARGIN / _WIDTH, 1 - 8 / height, hspace=0.75)
        paint(figure)
        figure.savefig(written := io.StringIO(), format="svg", transparent=True, metadata=_NO_METADATA)
    svg = written.getvalue()
    drawn = re.sub(r'<g id="[^"]*">', "<g>", svg[svg.index("<g ") : svg.rindex("</svg>")])
    drawn = re.sub(r"\s*\n\s*", " ", drawn)
    for name, colour in _COLOURS.items():
        drawn = drawn.replace(colour, f"var(--{name})")
    return Chart(translated(title), "; ".join(map(translated, said)) + ".", height, drawn)
