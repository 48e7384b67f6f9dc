"""Which colour a design has on every chart of the page, and what it is called there."""

from __future__ import annotations

_OTHER = "s5"
_CLASSES = {"sounddevice": "s0", "pyaudio": "s1", "python-sounddevice": "s2", "python-pyaudio": "s3", "virtual": "s4"}


def class_of(design: str) -> str:
    """Return the class of a backend or of a contrast."""
    return _CLASSES.get(design, _OTHER)


def name_of(design: str) -> str:
    """Return a design's name in words.

    Example:
        >>> name_of("python-pyaudio")
        'Python callback, pyaudio'
    """
    library = design.removeprefix("python-")
    return design if library == design else f"Python callback, {library}"
