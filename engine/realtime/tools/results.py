"""Results of tool calls, in words for the model: results as JSON, failures as sentences that give nothing away."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from engine.realtime.tools.tool import ToolError
from engine.redaction import MAX_ERROR_CHARS, plain_words

MAX_OUTPUT_CHARS = 32_000
"""A longer result would push the conversation out of the model's context."""


@dataclass(frozen=True, slots=True)
class Output:
    """A result as the model is given it."""

    text: str
    cut_chars: int = 0
    """Characters that were too many."""


def output_of(value: Any) -> Output:
    """Return a result as text, with a notice in it where it is too long.

    Raises:
        ToolError: JSON cannot hold it.
    """
    if isinstance(value, Output):
        return value
    text = as_text(value)
    missing = max(0, len(text) - MAX_OUTPUT_CHARS)
    return Output(f"{text[:MAX_OUTPUT_CHARS]} [cut: {missing} more characters]" if missing else text, missing)


def as_text(value: Any) -> str:
    """Return a result as text: strings as they are, all else as JSON, dataclasses, models, dates and sets included.

    Raises:
        ToolError: JSON cannot hold it.

    Example:
        >>> from datetime import datetime
        >>> as_text({"at": datetime(2026, 1, 2)}), as_text("done")
        ('{"at": "2026-01-02T00:00:00"}', 'done')
    """
    if isinstance(value, str):
        return value
    try:
        return json.dumps(to_jsonable_python(value, bytes_mode="base64"), ensure_ascii=False)
    except (ValueError, RecursionError) as error:  # pydantic's own errors are ValueErrors
        raise ToolError(f"The tool returned what JSON cannot hold ({type(value).__name__}).") from error


def error_output(message: str) -> str:
    """The output that tells the model of a failure."""
    return json.dumps({"error": message}, ensure_ascii=False)


def words_for(error: BaseException, scrub: Callable[[str], str] = str) -> str:
    """Say what a tool failed with: enough for the model to go on, nothing of this machine or its keys.

    A `ToolError` speaks for itself. Of any other exception its kind and text are told, with addresses, folders and
    whatever looks like a key taken out.

    Args:
        error: The exception that the tool raised.
        scrub: Takes known secrets out of a text.

    Example:
        >>> words_for(FileNotFoundError(2, "No such file or directory", "/srv/plans/x.txt"))
        "The tool failed: FileNotFoundError: [Errno 2] No such file or directory: 'x.txt'"
    """
    if isinstance(error, ToolError):
        return scrub(str(error))[:MAX_ERROR_CHARS] or "The tool failed."
    return f"The tool failed: {plain_words(error, scrub)}"
