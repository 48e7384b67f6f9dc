"""Prices of models: the price tables of the configuration, and dated ones of the services' own pages.

    [prices."gpt-realtime-2.1"]
    currency = "USD"
    audio_input = 32.0            # of a million tokens, as all but those of a `minute`
    cached_audio_input = 0.4
    audio_output = 64.0

A table of the configuration replaces ours of the same name as a whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from engine.errors import InvalidInputError

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_BRANCH = re.compile(r"/(latest|rc|deprecated)$")
"""End of an address like `gpt://folder/model/latest`."""


@dataclass(frozen=True, slots=True)
class Prices:
    """One model's prices, of a million tokens each; what is None is not known, which is not free."""

    currency: str = "USD"
    text_input: float | None = None
    cached_text_input: float | None = None
    audio_input: float | None = None
    cached_audio_input: float | None = None
    image_input: float | None = None
    cached_image_input: float | None = None
    text_output: float | None = None
    audio_output: float | None = None
    minute: float | None = None
    """Price of speech that is transcribed, for models that are paid by time."""
    audio_input_minute: float | None = None
    """Price of what the microphone sends, silence included, in a conversation paid by time: its tokens are of text."""
    audio_output_minute: float | None = None
    """The same of the answers."""
    source: str = "the configuration"
    """Their source, and the date they were read there."""
    estimated: bool = False
    """True where one source alone, and not the service itself, names the prices."""


def prices_of(model: str, configured: Mapping[str, Prices] | None = None) -> Prices | None:
    """Return the prices of a model, or None where nobody said them.

    A dated snapshot costs what its model costs, and so does a model by its address, `gpt://folder/model/latest`.

    Example:
        >>> prices_of("gpt-realtime-2.1-mini").audio_output
        20.0
    """
    short = _BRANCH.sub("", model).rpartition("/")[2]
    for name in (model, short, _SNAPSHOT.sub("", short)):
        found = (configured or {}).get(name) or KNOWN.get(name)
        if found is not None:
            return found
    return None


def configured_prices(tables: Any) -> dict[str, Prices]:
    """Return the tables `[prices."MODEL"]` of the configuration.

    Args:
        tables: `prices` as it stands there.

    Raises:
        InvalidInputError: something else than tables, a key that is no price, or a price that is none.
    """
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise InvalidInputError("In the configuration, 'prices' must hold tables.", fix='Write [prices."MODEL"].')
    return {model: _checked(model, table) for model, table in tables.items()}


def _checked(model: str, table: Mapping[str, Any]) -> Prices:
    known = [entry.name for entry in fields(Prices) if entry.name != "estimated"]
    where = f'In the configuration, [prices."{model}"]'
    for key, value in table.items():
        if key not in known:
            raise InvalidInputError(f"{where} has an unknown key '{key}'.", fix=f"Known names: {', '.join(known)}.")
        if key in ("currency", "source"):
            if not isinstance(value, str) or not value.strip():
                raise InvalidInputError(f"{where}: '{key}' must be a string.", fix=f'Write it as {key} = "...".')
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise InvalidInputError(
                f"{where}: '{key}' must be a price, 0 or more.", fix=f"Write a number, such as {key} = 0.4."
            )
    return replace(Prices(), **table)


def _tokens(text: tuple[float, float, float], audio: tuple[float, float, float], source: str) -> Prices:
    """Prices of input, cached input and output."""
    return Prices(
        "USD", text[0], text[1], audio[0], audio[1], text_output=text[2], audio_output=audio[2], source=source
    )


_PAGE = "developers.openai.com/api/docs/models/{}, copies of it read on 2026-11-25"
_QUOTED = "the service's price list as others quoted it in 2026, read on 2026-11-25"
_LARGE_AUDIO, _SMALL_AUDIO = (32.0, 0.4, 64.0), (10.0, 0.3, 20.0)

_ONE_PROGRAM = "the tokens' prices in one program's table, read on 2026-11-30"


def _yandex(text: float, cached: float, output: float, source: str, *, estimated: bool = False) -> Prices:
    """Prices of tokens; audio is paid by the second beside them.

    The service's own table of 2025, read in yandex-cloud/docs, says 0.026 and 0.020 a second: the same before VAT,
    which has risen from 20 to 22 percent since.
    """
    return Prices(
        "RUB",
        text_input=text,
        cached_text_input=cached,
        text_output=output,
        audio_input_minute=60 * 0.0264,
        audio_output_minute=60 * 0.0203,
        source=f"{source}; the service's price list with VAT as quoted on 2026-09-07, read on 2026-11-25",
        estimated=estimated,
    )


KNOWN: dict[str, Prices] = {
    "gpt-realtime-2.1": _tokens((4.0, 0.4, 24.0), _LARGE_AUDIO, _PAGE.format("gpt-realtime-2.1")),
    "gpt-realtime-2.1-mini": _tokens((0.6, 0.06, 2.4), _SMALL_AUDIO, _PAGE.format("gpt-realtime-2.1-mini")),
    "gpt-realtime-2": _tokens((4.0, 0.4, 24.0), _LARGE_AUDIO, _PAGE.format("gpt-realtime-2")),
    "gpt-realtime-1.5": _tokens((4.0, 0.4, 16.0), _LARGE_AUDIO, _PAGE.format("gpt-realtime-1.5")),
    "gpt-realtime": _tokens((4.0, 0.4, 16.0), _LARGE_AUDIO, _QUOTED),
    "gpt-realtime-mini": _tokens((0.6, 0.06, 2.4), _SMALL_AUDIO, _QUOTED),
    "gpt-realtime-whisper": Prices("USD", minute=0.017, source=_PAGE.format("gpt-realtime-whisper")),
    "gpt-transcribe": Prices("USD", minute=0.0045, source=_PAGE.format("gpt-transcribe")),
    "gpt-4o-transcribe": Prices("USD", text_input=2.5, text_output=10.0, source=_PAGE.format("gpt-4o-transcribe")),
    "gpt-4o-mini-transcribe": Prices(
        "USD", text_input=1.25, text_output=5.0, source=_PAGE.format("compare?model=gpt-4o-mini-transcribe")
    ),
    "speech-realtime-deepseek-v4-flash": _yandex(300.0, 75.0, 500.0, _ONE_PROGRAM, estimated=True),
    "speech-realtime-260528": _yandex(100.0, 25.0, 200.0, _ONE_PROGRAM, estimated=True),
    "speech-realtime-250923": _yandex(800.0, 200.0, 800.0, "yandex-cloud/docs, prices of tokens from 2026-03-03"),
}
"""Left out, so that the cost is a least cost: the audio tokens of the gpt-4o transcription models, on which OpenAI's
page on the model and its price list, as others quote it, do not agree (2.5 and 6 dollars, the small one 1.25 and 3).
Images are not sent."""
