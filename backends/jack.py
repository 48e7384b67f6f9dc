"""Knowledge of the JACK server that PortAudio joined at its start, and whether it is still there.

Once it has gone, an assertion of PortAudio's aborts the process that closes one of its streams, or ends PortAudio. A
server that was started anew is another one, to which PortAudio's client is unknown: so it is asked for that, by a name
that no other process has.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys

from engine.audio.platforms import JACK
from engine.errors import RestartNeededError

_HOST_API_TYPE = 12
_NO_START_SERVER = 1
_client = b"voice-%d" % os.getpid()
"""Name of PortAudio's client, which keeps the pointer."""
_has_gone = False


@functools.cache
def name_client() -> None:
    """Give PortAudio's client of JACK a name that no other process has, unless others have started PortAudio before."""
    global _client  # noqa: PLW0603 - the client is the process's
    library = _portaudio()
    if library is not None and library.Pa_GetHostApiCount() < 0:
        library.PaJack_SetClientName(_client)
    elif library is not None:
        library.PaJack_GetClientName.argtypes = [ctypes.POINTER(ctypes.c_char_p)]
        told = ctypes.c_char_p()
        library.PaJack_GetClientName(ctypes.byref(told))
        _client = told.value or _client


def has_joined() -> bool:
    """Whether PortAudio found a JACK server when it was started; not before it is."""
    library = _portaudio()
    return library is not None and library.Pa_HostApiTypeIdToHostApiIndex(_HOST_API_TYPE) >= 0


def server_has_gone() -> bool:
    """Whether PortAudio joined a JACK server that does not know it any more; it is so for good.

    A server that hangs is waited for.
    """
    global _has_gone  # noqa: PLW0603 - the client is the process's
    _has_gone = _has_gone or (has_joined() and not _is_known())
    return _has_gone


def require_server(host_api: str) -> None:
    """Refuse to open a device of a JACK server that is gone: PortAudio would abort the process.

    Raises:
        RestartNeededError: the device is one of JACK's, and so it is.
    """
    if host_api == JACK and server_has_gone():
        raise RestartNeededError(
            "The JACK server has ended, and a process that had joined it can join no other.",
            fix="Start the program again.",
        )


def _portaudio() -> ctypes.CDLL | None:
    """The PortAudio of this process, where it can reach JACK: the one that the system has."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            library = ctypes.CDLL("libportaudio.so.2")
            return library if hasattr(library, "PaJack_SetClientName") else None
    return None


def _is_known() -> bool:
    """Whether a server answers, and knows PortAudio's client."""
    pointer = ctypes.c_void_p
    jack = ctypes.CDLL("libjack.so.0")
    jack.jack_client_open.restype = jack.jack_get_uuid_for_client_name.restype = pointer
    jack.jack_get_uuid_for_client_name.argtypes = [pointer, ctypes.c_char_p]
    jack.jack_client_close.argtypes = jack.jack_free.argtypes = [pointer]
    client = jack.jack_client_open(b"voice-look", _NO_START_SERVER, None)
    if not client:
        return False
    known = jack.jack_get_uuid_for_client_name(client, _client)
    jack.jack_free(known)
    jack.jack_client_close(client)
    return bool(known)
