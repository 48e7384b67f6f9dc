"""Looks whether ALSA has a configuration: PortAudio, started without one, ends the process instead of failing."""

from __future__ import annotations

import ctypes
import sys

from engine.errors import PortAudioMissingError

CONFIGURATION_FIX = (
    "Check that ALSA's configuration exists (Debian: `apt install --reinstall libasound2-data`) and that "
    'ALSA_CONFIG_PATH, if it is set, names it; `backend="virtual"` works without it.'
)


def require_configuration() -> None:
    """Refuse to go on where an assertion of PortAudio's would fail; takes half a millisecond. Linux only.

    Raises:
        PortAudioMissingError: ALSA's configuration is missing, empty or unreadable.
    """
    if sys.platform != "linux":
        return
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:
        return  # whether PortAudio needs it, is for PortAudio to say
    alsa.snd_config_search.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    is_read = alsa.snd_config_update() >= 0
    whole, devices = ctypes.c_void_p.in_dll(alsa, "snd_config"), ctypes.c_void_p()
    if not is_read or not whole or alsa.snd_config_search(whole, b"pcm", ctypes.byref(devices)) < 0:
        raise PortAudioMissingError(
            "ALSA has no configuration, and PortAudio crashes without one.", fix=CONFIGURATION_FIX
        )
