"""Opens native streams on the PortAudio that PyAudio has loaded and initialised.

PyAudio takes no C callback, but its extension module is linked with PortAudio, and where that link is dynamic the
library's own functions can be reached through it: PyAudio keeps devices and initialisation, the stream is ours.
"""

from __future__ import annotations

import ctypes
from typing import Any

from backends.portaudio import Opening, PortAudioFailure
from engine.audio.types import Direction

_FLOAT32 = 1


class _Parameters(ctypes.Structure):
    """PaStreamParameters."""

    _fields_ = (
        ("device", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("sample_format", ctypes.c_ulong),
        ("suggested_latency_s", ctypes.c_double),
        ("host_api_specific", ctypes.c_void_p),
    )


class _Info(ctypes.Structure):
    """PaStreamInfo."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("input_latency_s", ctypes.c_double),
        ("output_latency_s", ctypes.c_double),
        ("rate_hz", ctypes.c_double),
    )


def reach_portaudio(extension: Any) -> Any | None:
    """Return PortAudio's functions as PyAudio's extension module sees them; None where it hides them."""
    try:
        library = ctypes.CDLL(extension.__file__)
        handle = ctypes.c_void_p
        library.Pa_OpenStream.argtypes = [
            ctypes.POINTER(handle),
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_double,
            ctypes.c_ulong,
            ctypes.c_ulong,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        library.Pa_SetStreamFinishedCallback.argtypes = [handle, ctypes.c_void_p]
        for name in ("Pa_StartStream", "Pa_CloseStream", "Pa_IsStreamActive", "Pa_GetStreamInfo"):
            getattr(library, name).argtypes = [handle]
        library.Pa_GetStreamInfo.restype = ctypes.POINTER(_Info)
        library.Pa_GetErrorText.restype = ctypes.c_char_p
    except (OSError, AttributeError):
        return None
    return library


class NativeStream:
    """One direction, driven by the port's compiled callback."""

    def __init__(self, library: Any, opening: Opening, rate_hz: int, channels: int) -> None:
        """Open a stream.

        Args:
            library: PortAudio, loaded with ctypes.
            port: Gives the callback and its user data.
            device: The device.
            direction: Microphone or speaker.
            block_ms: Length of a block.
            rate_hz: Sample rate.
            channels: Channels to open.

        Raises:
            PortAudioFailure: PortAudio refuses.
        """
        port, device, direction = opening.port, opening.device, opening.direction
        low_ms = device.low_input_latency_ms if direction is Direction.INPUT else device.low_output_latency_ms
        parameters = _Parameters(device.index, channels, _FLOAT32, low_ms / 1000, None)
        source, target = (parameters, None) if direction is Direction.INPUT else (None, parameters)
        self._library = library
        self._handle = ctypes.c_void_p()
        self.channels = channels
        self.block_frames = opening.block_frames(rate_hz)
        self._check(
            library.Pa_OpenStream(
                ctypes.byref(self._handle),
                source and ctypes.addressof(source),
                target and ctypes.addressof(target),
                rate_hz,
                self.block_frames,
                0,
                port.callback_address,
                port.control_address,
            )
        )
        try:
            self._check(library.Pa_SetStreamFinishedCallback(self._handle, port.finished_address))
        except PortAudioFailure:
            self.close()
            raise
        info = library.Pa_GetStreamInfo(self._handle).contents
        self.rate_hz = round(info.rate_hz)
        self.latency_ms = 1000 * (info.input_latency_s if direction is Direction.INPUT else info.output_latency_s)

    @property
    def active(self) -> bool:
        """True while the callback runs."""
        return bool(self._library.Pa_IsStreamActive(self._handle) == 1)

    def start(self) -> None:
        """Let the callback run.

        Raises:
            PortAudioFailure: PortAudio refuses.
        """
        self._check(self._library.Pa_StartStream(self._handle))

    def close(self) -> None:
        """Abort and release."""
        self._library.Pa_CloseStream(self._handle)

    def _check(self, code: int) -> None:
        if code < 0:
            raise PortAudioFailure(code, self._library.Pa_GetErrorText(code).decode())
