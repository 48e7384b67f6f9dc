"""Elements of HTML and SVG, escaped by the library that writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Child = Element | str


def element(tag: str, *children: Child, **attributes: str | float) -> Element:
    """Make an element with its children.

    Args:
        tag: Its name.
        children: Elements and text, in order.
        attributes: `class_` is written `class`, other underscores are hyphens; numbers have two decimals at most.

    Example:
        >>> element("p", "Round trip: ", element("b", "30 ms"), class_="figure")
    """
    made = Element(tag, {name.rstrip("_").replace("_", "-"): _written(value) for name, value in attributes.items()})
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + child
        else:
            made.text = (made.text or "") + child
    return made


def prose(text: str, **attributes: str | float) -> Element:
    """Make a paragraph, what stands in backticks as code."""
    parts = text.split("`")
    children = (element("code", part) if number % 2 else part for number, part in enumerate(parts))
    return element("p", *children, **attributes)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> Element:
    """Make a table whose first column is text and whose others are figures; wide ones scroll for themselves."""
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = [
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    ]
    made = element("table", element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", made, class_="table", tabindex="0", role="region", aria_label=caption)


def document(root: Element) -> str:
    """Write a whole page."""
    return "<!doctype html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
