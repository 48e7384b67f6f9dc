"""WebRTC's audio processing: echo cancellation (AEC3), noise suppression, high-pass filter and gain control (AGC2).

For a loudspeaker that the microphone hears, whatever the room. It needs no hint of the delay and follows a path that
changes within some seconds. The library cuts what it is given into 10 ms itself.
"""

from __future__ import annotations

from engine.audio.processing.protocol import RATE_HZ, Samples
from engine.errors import InvalidInputError, choices

LEVELS = {"off": None, "low": 0, "medium": 1, "high": 2}
"""Noise suppression by name: the library's levels, of 6, 12 and 18 dB."""


class WebRtc:
    """The chain's default processor.

    Example:
        >>> import numpy as np
        >>> silence = np.zeros(480, np.float32)
        >>> WebRtc(noise_suppression="high").process(silence, silence).size
        480
    """

    def __init__(self, *, echo: bool = True, noise_suppression: str = "low", agc: bool = False) -> None:
        """Make it.

        Args:
            echo: Take the speaker's sound out of the microphone's.
            noise_suppression: `off`, `low`, `medium` or `high`.
            agc: Bring quiet and loud voices to one level.

        Raises:
            InvalidInputError: another level.
            ImportError: `pywebrtc_audio` is not there.
        """
        if noise_suppression not in LEVELS:
            raise InvalidInputError(
                f"`noise_suppression=` cannot be {noise_suppression!r}.", fix=choices(str(noise_suppression), LEVELS)
            )
        from pywebrtc_audio import AudioProcessor  # noqa: PLC0415 - only a session with a chain needs it

        level = LEVELS[noise_suppression]
        self._webrtc = AudioProcessor(
            sample_rate=RATE_HZ,
            echo_cancellation=echo,
            noise_suppression=level is not None,
            ns_level=level or 0,
            high_pass_filter=True,
            auto_gain_control=agc,
        )
        self.cancels_echo = echo
        self.delay_ms = 9.0 if level is None else 15.0
        """Measured with noise, in version 0.2.0: 430 and 718 frames."""

    def process(self, block: Samples, reference: Samples) -> Samples:
        """Return the block without echo and noise."""
        return self._webrtc.process(block, reference)

    @property
    def speech_probability(self) -> float:
        """The noise suppressor's estimate for the latest 10 ms."""
        return self._webrtc.speech_probability
