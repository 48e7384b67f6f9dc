"""Prices of models: the configuration's, and dated ones of the services' own pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.config_tables import Prices

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_BRANCH = re.compile(r"/(latest|rc|deprecated)$")
"""End of an address like `gpt://folder/model/latest`."""


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
