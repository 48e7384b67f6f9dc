"""The coding of audio on the wire: PCM16 at any rate, or G.711 at 8 kHz by either law, to samples and back."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp import g711
from engine.local.protocol.validation import Refusal

_TELEPHONE_HZ = 8000
_LAWS = {"audio/pcmu": g711.Law.MU, "audio/pcma": g711.Law.A}


@dataclass(frozen=True, slots=True)
class WireFormat:
    """The audio format that a session's `format` object asks for.

    Example:
        >>> WireFormat.of({"type": "audio/pcmu"}).rate_hz
        8000
    """

    rate_hz: int
    law: g711.Law | None = None
    """None is PCM16."""

    @classmethod
    def of(cls, wanted: dict[str, Any]) -> WireFormat:
        """Return the format that a checked session object names."""
        law = _LAWS.get(wanted["type"])
        return cls(_TELEPHONE_HZ, law) if law else cls(int(wanted["rate"]))

    def encode(self, samples: NDArray[np.int16]) -> str:
        """Return mono int16 samples as the base64 of a delta."""
        coded = samples.astype("<i2") if self.law is None else g711.encode(samples, self.law)
        return base64.b64encode(coded.tobytes()).decode("ascii")

    def decode(self, text: str, where: str = "audio") -> NDArray[np.int16]:
        """Return the mono int16 samples of an append event, or of the field at `where`.

        Raises:
            Refusal: it is not base64, or has half a sample.
        """
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal("The audio is not valid base64.", "invalid_value", where) from None
        if self.law is not None:
            return g711.decode(np.frombuffer(data, np.uint8), self.law)
        if len(data) % 2:
            raise Refusal("PCM16 audio must have an even number of bytes.", "invalid_value", where)
        return np.frombuffer(data, "<i2")
