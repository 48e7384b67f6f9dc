"""Speech to text over a small grammar: pocketsphinx with the English model that its wheel carries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import LibraryMissingError
from engine.local.hearing.grammar import grammar
from engine.local.platforms import plain_path
from engine.plugins import optional_package

RATE_HZ = 16000
_MODEL = ("en-us", "cmudict-en-us.dict")
"""Sounds, and the words they make."""
_SEARCH = {"topn": 8, "ds": 1, "pl_window": 0}
"""More Gaussians of every frame and no look-ahead that prunes: 32 errors in 252 phrases of six voices, where the
defaults made 36, for 40 ms more an utterance."""
_HISS = 1e-3
_LEAST_HISS = 2.0
"""Noise 60 dB below the loudest sample, at least two steps of PCM16: the model never heard digital silence, and took
"goodbye" between zeros for "hi". 19 errors instead of those 32; 18 instead of 36 and 29 at a fifth and a twentieth of
the level, where noise of one fixed level made up to 75."""
_FRAME, _AROUND = RATE_HZ // 50, RATE_HZ // 5
_SOFT = 0.05
"""26 dB below the loudest 20 ms, and 200 ms around what is louder. With up to a second of silence before and behind,
9 of 168 phrases were heard as others; so cut, none."""
_LONGEST_S = 10
"""No phrase of the grammar takes half as long. The process does nothing else while the decoder works: a third of a
second for as much noise."""


class Recognizer:
    """Understands one utterance at a time; blocking, 50 to 300 ms, and holds the GIL meanwhile."""

    def __init__(self) -> None:
        """Load the model.

        Raises:
            LibraryMissingError: pocketsphinx, or the model of its wheel, is not installed.
        """
        pocketsphinx = optional_package("pocketsphinx", "Speech recognition")
        try:
            self._decoder = self._make_decoder(pocketsphinx)
        except (RuntimeError, OSError, ValueError) as error:
            raise LibraryMissingError(
                f"Speech recognition cannot load its model: {error}.", fix="Install pocketsphinx again."
            ) from error

    @staticmethod
    def _make_decoder(pocketsphinx: Any) -> Any:
        hmm, words = (plain_path(pocketsphinx.get_model_path(f"en-us/{name}")) for name in _MODEL)
        decoder = pocketsphinx.Decoder(
            samprate=RATE_HZ, loglevel="FATAL", hmm=hmm, dict=words, lm=None, bestpath=False, **_SEARCH
        )
        decoder.add_jsgf_string("voice", grammar(lambda word: decoder.lookup_word(word) is not None))
        decoder.activate_search("voice")
        return decoder

    def transcribe(self, utterance: NDArray[np.int16]) -> str:
        """Return what was said, in lower case; empty where it fits nothing the grammar has.

        Args:
            utterance: Mono int16 at 16 kHz. Decoded as a whole: the mean of a whole utterance normalises better than
                a running one.
        """
        words = _words_of(utterance)
        if not 0 < words.size <= _LONGEST_S * RATE_HZ:
            return ""
        self._decoder.start_utt()
        try:
            self._decoder.process_raw(_with_hiss(words).tobytes(), False, True)
        finally:
            self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return str(hypothesis.hypstr) if hypothesis else ""


def _words_of(utterance: NDArray[np.int16]) -> NDArray[np.int16]:
    """Cut what is much softer than the loudest of it from both ends."""
    if utterance.size < _FRAME:
        return utterance
    frames = utterance[: utterance.size // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    levels = np.sqrt(np.mean(np.square(frames), axis=1))
    loud = _FRAME * np.flatnonzero(levels >= _SOFT * levels.max())
    return utterance[max(0, loud[0] - _AROUND) : loud[-1] + _FRAME + _AROUND]


def _with_hiss(utterance: NDArray[np.int16]) -> NDArray[np.int16]:
    """Add the same noise every time: the same words are understood the same way."""
    samples = utterance.astype(np.float64)
    deviation = max(_LEAST_HISS, _HISS * float(np.max(np.abs(samples))))
    samples += np.random.default_rng(0).normal(0.0, deviation, samples.size)
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)
