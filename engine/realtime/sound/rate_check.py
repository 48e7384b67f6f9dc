"""Notices that answers are sent at another rate than they are played at: then they sound too fast or too slow.

Some servers declare one rate and send another, and none says which. But what they say otherwise has a duration too: a
token of sound is 50 ms in the protocol's accounts, and a text is spoken at some pace. Where the duration that the rate
implies is far from these, and another usual rate fits, the person is told, with the rate that puts it right. The pace
is for Yandex: its sessions name no rate, and it counts no tokens of sound.
"""

from __future__ import annotations

from engine.realtime.session_events import AgentText, ErrorShown, OutputRate, ResponseEnded, ResponseUsage, SessionEvent

USUAL_RATES_HZ = (8000, 16000, 24000, 44100, 48000)
_TOKEN_S = 0.05
_LEAST_S = 2.0
"""Least sound before anything is concluded from its length; short answers are taken together."""
_TOLERANCE = 1.25
"""Allowance for the padding of the last token, by which the count and the sent audio differ."""
_PACE_HZ = (6.0, 25.0)
"""Characters a second. espeak-ng was measured at 14 to 18 in English and in Russian, at 165 words a minute: 24 kHz
played at 44.1 kHz make that 26 to 33. The other way round it is 8 to 10, which may be just slow."""
_USUAL_PACE_HZ = 16.0
_ALPHABETS_END = "\u0530"
"""Latin, Greek and Cyrillic lie before it; other scripts have another pace, and so have numbers."""
_LEAST_LETTERS = 0.7
CODE = "output_rate"


class OutputRateWatch:
    """An observer of a session."""

    def __init__(self, rate_hz: int) -> None:
        """Watch answers that are played at `rate_hz`."""
        self._rate_hz = rate_hz
        self._told = False
        self._texts: dict[str, str] = {}
        """Texts of the response that is spoken, by its id."""
        self._whole = ""
        """Id of the last response that came to its own end."""
        self._samples = 0
        """Samples of whole answers, since there was enough of them to conclude from."""
        self._tokens: int | None = 0
        """Those that the server counted of the same; None where it did not count all."""
        self._text = ""

    def __call__(self, event: SessionEvent, _: float) -> list[SessionEvent]:
        """Take one session event; return a warning, once."""
        if self._told:
            return []
        match event:
            case OutputRate(declared_hz) if declared_hz != self._rate_hz and declared_hz > 0:
                return self._warn(f"the server declares {declared_hz} Hz", declared_hz)
            case AgentText(text, _, response_id):
                self._texts = {response_id: self._texts.get(response_id, "") + text}
            case ResponseEnded(response_id, "completed"):
                self._whole = response_id
            case ResponseUsage(response_id, usage, audio_bytes) if response_id == self._whole and audio_bytes:
                tokens = usage.output_audio_tokens if usage else None
                self._samples += audio_bytes // 2
                self._tokens = self._tokens + tokens if tokens and self._tokens is not None else None
                self._text += self._texts.pop(response_id, "")
                if self._samples >= _LEAST_S * self._rate_hz:
                    whole = self._samples, self._tokens, self._text
                    self._samples, self._tokens, self._text = 0, 0, ""
                    return self._compare(*whole)
        return []

    def _compare(self, samples: int, tokens: int | None, text: str) -> list[SessionEvent]:
        """Compare what whole answers last at our rate with what they should."""
        implied_s = samples / self._rate_hz
        slowest_hz, quickest_hz = _PACE_HZ
        if tokens:
            declared_s = tokens * _TOKEN_S
            if not 1 / _TOLERANCE < implied_s / declared_s < _TOLERANCE:
                says = f"the server counts {declared_s:.1f} s of sound and sent {implied_s:.1f} s"
                return self._warn(says, _nearest(samples / declared_s))
        elif (characters := _characters_with_a_pace(text)) and not slowest_hz < characters / implied_s < quickest_hz:
            says = f"{characters} characters are spoken in {implied_s:.1f} s"
            return self._warn(says, _nearest(samples * _USUAL_PACE_HZ / characters))
        return []

    def _warn(self, says: str, better_hz: int) -> list[SessionEvent]:
        if better_hz == self._rate_hz:
            return []
        self._told = True
        message = f"The answers may sound too {'fast' if better_hz < self._rate_hz else 'slow'}: {says}"
        fix = f"at {self._rate_hz} Hz. If so, try `output_rate={better_hz}`."
        return [ErrorShown(f"{message} {fix}", CODE)]


def _characters_with_a_pace(text: str) -> int:
    """The length of a text, or 0 where nothing is known of how long it lasts."""
    letters = sum(character.isalpha() and character < _ALPHABETS_END for character in text)
    return len(text) if letters >= _LEAST_LETTERS * len(text) else 0


def _nearest(rate_hz: float) -> int:
    return min(USUAL_RATES_HZ, key=lambda usual: max(usual / rate_hz, rate_hz / usual))
