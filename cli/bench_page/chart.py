"""A chart: a frame with two axes, their ticks, units and names, into which marks are put."""

from __future__ import annotations

from itertools import count
from xml.etree.ElementTree import Element

from cli.bench_page.axes import Scale, label
from cli.bench_page.markup import element

_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 24.0, 14.0, 46.0
_TICK = 4.0
_numbers = count(1)


class Chart:
    """One inline SVG.

    Example:
        >>> chart = Chart("Gaps", "Each block's distance from the one before.", (0, 20, "time, s"), (0, 50, "gap, ms"))
        >>> chart.line([(0.0, 10.0), (20.0, 10.0)], "s0")
        >>> page.append(chart.svg)
    """

    def __init__(
        self,
        title: str,
        description: str,
        x: tuple[float, float, str],
        y: tuple[float, float, str],
        *,
        size: tuple[float, float] = (720.0, 280.0),
        left: float = _LEFT,
        is_y_log: bool = False,
        is_x_log: bool = False,
        categories: tuple[str, ...] = (),
    ) -> None:
        """Draw the frame.

        Args:
            title: Read by screen readers, and shown by the pointer.
            description: What the chart shows, in a sentence with figures.
            x: Least and greatest value, and the axis's name with its unit.
            y: The same; without a name where there are categories.
            size: Width and height in pixels.
            left: Room for what stands left of the frame.
            is_y_log: Whether the axis is logarithmic.
            is_x_log: The same of the other.
            categories: Names for y from 0 downwards, instead of values.
        """
        width, height = size
        self.x = Scale(x[0], x[1], left, width - _RIGHT, is_x_log)
        bottom, top = height - _BOTTOM, _TOP
        self.y = Scale(y[0], y[1], top, bottom) if categories else Scale(y[0], y[1], bottom, top, is_y_log)
        self._bottom, self._top, self._left = bottom, top, left
        number = next(_numbers)
        self.svg = element(
            "svg",
            element("title", title, id=f"title-{number}"),
            element("desc", description, id=f"desc-{number}"),
            viewBox=f"0 0 {width:g} {height:g}",
            role="img",
            aria_labelledby=f"title-{number} desc-{number}",
        )
        self._mark_x(x[2], most=max(4, round(width / 100)))
        if categories:
            self._name_rows(categories)
        else:
            self._mark_y(y[2])

    def line(self, points: list[tuple[float, float]], class_: str) -> None:
        """Connect points."""
        places = [f"{self.x.place(x):.1f} {self.y.place(y):.1f}" for x, y in points]
        self.svg.append(element("path", d="M" + "L".join(places), class_=f"line {class_}"))

    def stems(self, spans: list[tuple[float, float, float]], class_: str) -> None:
        """Draw an upright stroke from low to high at each x; at least a pixel is seen."""
        path = []
        for x, low, high in spans:
            at, bottom, top = self.x.place(x), self.y.place(low), self.y.place(high)
            path.append(f"M{at:.1f} {bottom + 0.6:.1f}V{top - 0.6:.1f}")
        self.svg.append(element("path", d="".join(path), class_=f"stem {class_}"))

    def columns(self, edges: list[float], heights: list[float], class_: str) -> None:
        """Draw a histogram's columns on the axis; empty ones are left out."""
        path = []
        for low, high, value in zip(edges, edges[1:], heights, strict=False):
            if value > 0:
                start, end, top = self.x.place(low), self.x.place(high), self.y.place(value)
                left, right = start + 0.4, max(end - 0.4, start + 1)
                path.append(f"M{left:.1f} {self._bottom:.1f}V{top:.1f}H{right:.1f}V{self._bottom:.1f}Z")
        self.svg.append(element("path", d="".join(path), class_=f"column {class_}"))

    def row_bar(self, row: float, value: float, text: str, class_: str) -> None:
        """Draw a lying bar in a row of categories, its figure at its end."""
        thickness = 0.62 * (self.y.place(row + 1) - self.y.place(row))
        end, middle = self.x.place(value), self.y.place(row + 0.5)
        self.svg.append(
            element(
                "rect",
                x=self.x.start,
                y=middle - thickness / 2,
                width=max(end - self.x.start, 1.5),
                height=thickness,
                class_=f"column {class_}",
            )
        )
        fits = end + 8 * len(text) < self.x.end
        at, class_of_text = (end + 6, "value") if fits else (end - 6, "value inside")
        self.svg.append(element("text", text, x=at, y=middle + 4, class_=class_of_text))

    def dot(self, x: float, y: float, class_: str, *, is_hollow: bool = False) -> None:
        """Draw a point, hollow ones larger: they are seen around a full one in the same place."""
        self.svg.append(
            element(
                "circle",
                cx=self.x.place(x),
                cy=self.y.place(y),
                r=7.5 if is_hollow else 4.5,
                class_=f"{'ring' if is_hollow else 'dot'} {class_}",
            )
        )

    def mark_x(self, value: float, text: str, class_: str, row: int = 0) -> None:
        """Draw an upright line with its name, `row` lines below the top; the name stays inside the frame."""
        at = self.x.place(value)
        self.svg.append(element("line", x1=at, x2=at, y1=self._top, y2=self._bottom, class_=f"mark {class_}"))
        self._beside(at, text, self._top + 11 + 14 * row)

    def mark_y(self, value: float, text: str) -> None:
        """Draw a lying line with its name at the right."""
        at = self.y.place(value)
        self.svg.append(element("line", x1=self.x.start, x2=self.x.end, y1=at, y2=at, class_="mark"))
        self.svg.append(element("text", text, x=self.x.end - 4, y=at - 5, class_="note", text_anchor="end"))

    def note(self, x: float, y: float, text: str) -> None:
        """Write beside a point."""
        self.svg.append(element("text", text, x=self.x.place(x) + 10, y=self.y.place(y) + 15, class_="note"))

    def _beside(self, at: float, text: str, y: float) -> None:
        fits = at + 7 * len(text) < self.x.end
        place: dict[str, str | float] = {"x": at + 5} if fits else {"x": at - 5, "text_anchor": "end"}
        self.svg.append(element("text", text, y=y, class_="note", **place))

    def _mark_x(self, name: str, most: int) -> None:
        for value in self.x.ticks(most):
            at = self.x.place(value)
            self.svg.append(element("line", x1=at, x2=at, y1=self._top, y2=self._bottom + _TICK, class_="grid"))
            self.svg.append(
                element("text", label(value), x=at, y=self._bottom + 18, class_="tick", text_anchor="middle")
            )
        middle = (self.x.start + self.x.end) / 2
        self._axis(self.x.start, self.x.end, self._bottom, self._bottom)
        self.svg.append(element("text", name, x=middle, y=self._bottom + 38, class_="axis", text_anchor="middle"))

    def _mark_y(self, name: str) -> None:
        for value in self.y.ticks(max(2, round((self._bottom - self._top) / 36))):
            at = self.y.place(value)
            self.svg.append(element("line", x1=self._left - _TICK, x2=self.x.end, y1=at, y2=at, class_="grid"))
            self.svg.append(element("text", label(value), x=self._left - 8, y=at + 4, class_="tick", text_anchor="end"))
        self._axis(self._left, self._left, self._top, self._bottom)
        middle = (self._top + self._bottom) / 2
        turn = f"translate(14 {middle:.1f}) rotate(-90)"
        self.svg.append(element("text", name, transform=turn, class_="axis", text_anchor="middle"))

    def _name_rows(self, names: tuple[str, ...]) -> None:
        for row, name in enumerate(names):
            at = self.y.place(row + 0.5) + 4
            self.svg.append(element("text", name, x=self._left - 8, y=at, class_="tick", text_anchor="end"))
        self._axis(self._left, self._left, self._top, self._bottom)

    def _axis(self, x1: float, x2: float, y1: float, y2: float) -> None:
        self.svg.append(element("line", x1=x1, x2=x2, y1=y1, y2=y2, class_="frame"))


def legend(entries: dict[str, str]) -> Element:
    """Name the classes of marks: a swatch and words for each."""
    items = [element("li", element("span", class_=f"swatch {class_}"), words) for class_, words in entries.items()]
    return element("ul", *items, class_="legend")
