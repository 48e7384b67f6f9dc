"""Speech out of text: espeak-ng as a library, English or Russian, in blocks as they are made.

The library comes in the wheel `espeakng-loader`, else from the system. It keeps one global state for the process, its
callback among it, so one thread at a time uses it, whichever `Voice` it asks.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import LibraryMissingError
from engine.local.platforms import path_bytes
from engine.plugins import optional_package

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: the callback runs inside espeak_Synth
_UTF8 = 1  # espeakCHARS_UTF8
_RATE = 1  # espeakRATE
_BY_CHARACTER = 1  # POS_CHARACTER
_DO_NOT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: without it the library ends the process where it finds no data
_BUFFER_MS = 20
_HEADROOM = 0.8
"""espeak-ng reaches full scale; a resampler behind it must not clip."""
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_LOCK = threading.Lock()
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def language_of(text: str) -> str:
    """espeak-ng's voice for a text: Russian where it has a Cyrillic letter."""
    return "ru" if _CYRILLIC.search(text) else "en-us"


def _load() -> tuple[Any, bytes | None]:
    """The library and the folder of its data (None: where the library looks by itself)."""
    name: str | None
    data: bytes | None = None
    try:
        espeakng_loader = optional_package("espeakng_loader", "Speech")
    except LibraryMissingError:
        name = ctypes.util.find_library("espeak-ng")
    else:
        name, data = espeakng_loader.get_library_path(), path_bytes(espeakng_loader.get_data_path())
    fix = 'Run `pip install "voice-realtime[local]"`.'
    if name is None:
        raise LibraryMissingError("Speech needs espeak-ng, which is not installed.", fix=fix)
    try:
        return ctypes.CDLL(name), data
    except OSError as error:
        raise LibraryMissingError(f"espeak-ng cannot be loaded: {error}.", fix=fix) from error


class Voice:
    """The process's espeak-ng.

    Example:
        >>> voice = Voice()
        >>> samples = voice.say("Hello.")        # int16, mono, at voice.rate_hz
    """

    def __init__(self) -> None:
        """Load and initialise the library.

        Raises:
            LibraryMissingError: there is none, or it finds no data.
        """
        self._library, data = _load()
        self._library.espeak_Synth.argtypes = [
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        with _LOCK:
            self.rate_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, _DO_NOT_EXIT))
        if self.rate_hz <= 0:
            raise LibraryMissingError("espeak-ng finds no voices.", fix="Install `espeak-ng-data` or the local extra.")
        self._blocks: list[NDArray[np.int16]] = []
        """Blocks that have been made of the text that is spoken."""
        self._callback = _CALLBACK(self._receive)

    def say(self, text: str, *, voice: str | None = None, words_per_minute: int = 165) -> NDArray[np.int16]:
        """Return `text` as mono int16 at `rate_hz`.

        Args:
            text: The words to say.
            voice: espeak-ng's voice, such as "en-us+f3"; None chooses by the text's letters.
            words_per_minute: Speed.
        """
        with _LOCK:
            self._blocks = [np.empty(0, np.int16)]
            self._library.espeak_SetSynthCallback(self._callback)
            self._library.espeak_SetVoiceByName((voice or language_of(text)).encode())
            self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
            # Half a surrogate pair comes through JSON but has no UTF-8; a NUL would end the text.
            data = text.replace("\0", " ").encode(errors="replace") + b"\0"
            self._library.espeak_Synth(data, len(data), 0, _BY_CHARACTER, 0, _UTF8, None, None)
            return np.concatenate(self._blocks)

    def _receive(self, wave: Any, count: int, _events: Any) -> int:
        if count <= 0 or not wave:
            return 0
        block = np.ctypeslib.as_array(wave, (count,)) * _HEADROOM
        self._blocks.append(np.round(block).astype(np.int16))
        return 0
