"""What both PortAudio backends share: error sentences, the search for a format, and streams that end in time."""

from __future__ import annotations

import atexit
import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from engine.audio.backend import Device, StreamRequest
from engine.audio.devices import Direction, describe
from engine.errors import DeviceBusyError, InvalidInputError, StreamLostError, UnsupportedFormatError, VoiceError

BLOCK_MS = 10.0
"""Frames per callback where nobody asks otherwise: 30 ms round trip on the virtual card, and 100 calls a second."""
_COMMON_RATES_HZ = (48000, 44100, 96000, 88200, 32000, 24000, 22050, 16000, 8000)
_CLOSE_S = 2.0
"""PortAudio has been seen to hang in Pa_StopStream on macOS; longer than this nobody waits."""

INVALID_CHANNEL_COUNT, INVALID_SAMPLE_RATE = -9998, -9997
INVALID_DEVICE, DEVICE_UNAVAILABLE = -9996, -9985
SAMPLE_FORMAT_NOT_SUPPORTED = -9994
_FORMAT_ERRORS = (INVALID_CHANNEL_COUNT, INVALID_SAMPLE_RATE, SAMPLE_FORMAT_NOT_SUPPORTED)

Opened = TypeVar("Opened")


class PortAudioFailure(Exception):  # noqa: N818 - never leaves the backends
    """A PortAudio error code on its way to one of the engine's errors."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def check_request(request: StreamRequest, backend: str) -> None:
    """Refuse what no device can do: files, which only the virtual backend plays, and blocks without a length.

    Raises:
        InvalidInputError: the request asks for that.
    """
    if request.input_file or request.output_file:
        raise InvalidInputError(
            f"The {backend} backend plays devices, not files.", fix="Use `--backend virtual` with files."
        )
    if request.block_ms is not None and request.block_ms <= 0:
        raise InvalidInputError(f"A block of {request.block_ms} ms is impossible.", fix="Use 1 to 200 ms.")


def formats(device: Device, direction: Direction) -> Iterator[tuple[int, int]]:
    """(rate in Hz, channels) to try, the likeliest first: the device's own rate, mono in and stereo out."""
    most = direction.channels_of(device)
    preferred = (1, 2, most) if direction is Direction.INPUT else (2, 1, most)
    channels = dict.fromkeys(count for count in preferred if 1 <= count <= most)
    for rate_hz in dict.fromkeys((device.native_rate_hz, *_COMMON_RATES_HZ)):
        for count in channels:
            yield rate_hz, count


def negotiate(device: Device, direction: Direction, open_at: Callable[[int, int], Opened]) -> Opened:
    """Call `open_at(rate_hz, channels)` with one format after another until the device takes one.

    Raises:
        UnsupportedFormatError: it takes none.
        DeviceBusyError, StreamLostError: it cannot be opened at all.
    """
    refusal: PortAudioFailure | None = None
    for rate_hz, channels in formats(device, direction):
        try:
            return open_at(rate_hz, channels)
        except PortAudioFailure as failure:
            if failure.code not in _FORMAT_ERRORS:
                raise explain(failure, device) from failure
            refusal = failure
    raise explain(refusal or PortAudioFailure(INVALID_SAMPLE_RATE, "no format"), device) from refusal


def explain(failure: PortAudioFailure, device: Device) -> VoiceError:
    """The engine's error for a PortAudio failure: one sentence and the fix."""
    name = describe(device)
    if failure.code in _FORMAT_ERRORS:
        return UnsupportedFormatError(
            f"{name} takes none of the usual rates and channel counts ({failure.text}).",
            fix="Choose another device with --input or --output.",
        )
    if failure.code in (DEVICE_UNAVAILABLE, INVALID_DEVICE):
        return DeviceBusyError(
            f"{name} cannot be opened: {failure.text}.",
            fix="Close the program that uses it, or choose another device with --input or --output.",
        )
    return StreamLostError(
        f"{name} cannot be opened: {failure.text} (PortAudio error {failure.code}).",
        fix="Check that the sound server runs, or choose another device; `voice doctor` looks closer.",
    )


class Closable(Protocol):
    """Anything with a `close` that may be called twice."""

    def close(self) -> None:
        """Release it."""
        ...


_open_streams: weakref.WeakSet[Closable] = weakref.WeakSet()


def close_at_exit(stream: Closable) -> None:
    """Close a stream before the interpreter goes: a native callback into freed memory is a segmentation fault."""
    _open_streams.add(stream)


@atexit.register
def _close_all() -> None:
    for stream in list(_open_streams):
        with contextlib.suppress(Exception):
            stream.close()


_abandoned: list[object] = []
"""Memory of streams whose closing never returned: the audio thread may still use it."""


def close_within(close: Callable[[], None], keep_alive: object) -> None:
    """Run `close` for at most two seconds; if it hangs, keep the stream's memory for the rest of the process.

    An interpreter that is going (3.12 and newer) gives no more threads: then it is closed here, and may take longer.
    """
    worker = threading.Thread(target=lambda: _suppressed(close), daemon=True, name="voice-close")
    try:
        worker.start()
    except RuntimeError:
        _suppressed(close)
        return
    worker.join(_CLOSE_S)
    if worker.is_alive():
        _abandoned.append(keep_alive)


def _suppressed(close: Callable[[], None]) -> None:
    with contextlib.suppress(Exception):
        close()
