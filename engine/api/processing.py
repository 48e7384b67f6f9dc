"""Choice of the microphone's processors: the options first, then the configuration, then what the devices need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.api.options import SessionOptions
from engine.audio.device.headphones import are_headphones
from engine.audio.types import StreamInfo
from engine.config_tables import Echo, NoiseSuppression, ProcessingOptions
from engine.errors import LibraryMissingError

if TYPE_CHECKING:  # a session without processors loads none of this
    from engine.audio.processing.protocol import Processor

_RESTS = "Without it no echo is cancelled: the microphone is silent while the agent speaks."
_AS_IT_IS = "Without it there is no noise suppression and no gain control."


class Processing:
    """Processing of one session's microphone, whichever devices it is opened on.

    Example:
        >>> from engine.audio.types import StreamSide
        >>> files = StreamInfo("virtual", False, StreamSide("question.wav", 24000, 1, 480, 0.0), None)
        >>> resting = SessionOptions(echo="half-duplex")
        >>> [len(Processing(options, ProcessingOptions()).processors(files)) for options in (SessionOptions(), resting)]
        [0, 1]
    """

    def __init__(self, options: SessionOptions, configured: ProcessingOptions) -> None:
        """Make the processors that were named.

        Raises:
            InvalidInputError: there is none of that name, or an option of it does not fit.
            LibraryMissingError: one cannot be loaded.
        """
        wanted = options.processing_options()
        self._echo = wanted.echo or configured.echo or Echo.AUTO
        self._suppression = wanted.noise_suppression or configured.noise_suppression
        self._agc = bool(configured.agc if wanted.agc is None else wanted.agc)
        self._named = [_made(one) for one in options.processors or configured.processors or ()]
        self._has_warned = False

    def processors(self, info: StreamInfo, warn: Callable[[str], None] = lambda _: None) -> list[Processor]:
        """Return the processors for a stream's microphone, in order; none where it is to go out as it is.

        Where there is a chain anyway, `auto` cancels echo at headphones too: they may be unplugged, and a session keeps
        its chain.

        Args:
            info: The stream.
            warn: Given a sentence for the person on what cannot be done, once.
        """
        if info.input is None:
            return []
        speaker = _device_beside_microphone(info) if self._echo is Echo.AUTO else None
        is_asked = self._agc or self._suppression not in (None, NoiseSuppression.OFF)
        hears = self._echo is Echo.ON or (speaker is not None and not are_headphones(speaker))
        cancels = hears or (speaker is not None and bool(is_asked or self._named))
        suppression = self._suppression or (NoiseSuppression.LOW if cancels else NoiseSuppression.OFF)
        rests = self._echo is Echo.HALF_DUPLEX
        front: list[Processor] = []
        if cancels or is_asked:
            from engine.audio.processing.registry import make  # noqa: PLC0415 - brings numpy

            try:  # before all others, for it must know the microphone as it is
                front = [make("webrtc", {"echo": cancels, "noise_suppression": str(suppression), "agc": self._agc})]
            except LibraryMissingError as error:
                if not self._has_warned and (hears or is_asked):
                    warn(f"{error.message} {_RESTS if hears else _AS_IT_IS}")
                    self._has_warned = True
                rests = rests or hears
        return [*front, *([_made("half_duplex")] if rests else []), *self._named]


def _device_beside_microphone(info: StreamInfo) -> str | None:
    """Name of the speaker, where both ends are devices: a file hears nothing, and is heard by nobody."""
    source, target = info.input, info.output
    return target.device if source and target and source.host_api and target.host_api else None


def _made(one: str | Processor) -> Processor:
    if not isinstance(one, str):
        return one
    from engine.audio.processing.registry import make_processor  # noqa: PLC0415 - brings numpy

    return make_processor(one)
