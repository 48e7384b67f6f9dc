"""Fills the template of a page; every text in it is of others, escaped and without what could steer a reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from cli.language.spoken import spoken_language, translated


def filled(template: Path, clean: Callable[[str], str], **values: Any) -> str:
    """Return the page.

    Args:
        template: Extends `base.html.j2` of this folder.
        clean: Takes control characters out of a line.
        values: What the template shows.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["prose"] = _prose
    environment.globals |= {"_": translated, "language": spoken_language()}
    text = environment.get_template(template.name).render(**values)
    return "\n".join(map(clean, text.split("\n")))


def _prose(text: str) -> Markup:
    """Escape a text for HTML; its parts in backticks become code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))
