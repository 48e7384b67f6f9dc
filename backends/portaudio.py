"""Parts that both PortAudio backends share: error sentences, the search for a format, and streams that end in time."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from backends import jack
from engine.audio.device.exclusive import restarts_are_allowed
from engine.audio.device.matching import describe
from engine.audio.device.sound_server import leads_to_pipewire
from engine.audio.platforms import JACK
from engine.audio.types import Device, Direction, StreamRequest
from engine.errors import (
    Advice,
    DeviceBusyError,
    InvalidInputError,
    StreamLostError,
    UnsupportedFormatError,
    VoiceError,
)

if TYPE_CHECKING:
    from engine.audio.port.audio_port import AudioPort

BLOCK_MS = 10.0
"""Length of a block where nobody asks otherwise: 30 ms round trip on the virtual card, and 100 calls a second."""
_PIPEWIRE_BLOCK_MS = 512 / 48
"""PipeWire's graph, which is the whole desktop's, runs at the power of two below the shortest block: at 10 ms with 256
frames, at this with 512."""
_DEVICES_OWN = 0.0
"""JACK's blocks are as long as each other: others PortAudio cuts and joins, which takes the time of one more."""
_COMMON_RATES_HZ = (48000, 44100, 96000, 88200, 32000, 24000, 22050, 16000, 8000)
_RATE_PORTAUDIO_ASKS_ALSA_HZ = 44100
_CLOSE_S = 2.0
"""PortAudio has been seen to hang in Pa_StopStream on macOS; longer than this nobody waits."""

INVALID_CHANNEL_COUNT, INVALID_SAMPLE_RATE = -9998, -9997
INVALID_DEVICE, DEVICE_UNAVAILABLE = -9996, -9985
SAMPLE_FORMAT_NOT_SUPPORTED = -9994
_FORMAT_ERRORS = (INVALID_CHANNEL_COUNT, INVALID_SAMPLE_RATE, SAMPLE_FORMAT_NOT_SUPPORTED)

_CHOOSE = f"Choose another device: {Advice.DEVICES}"

Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class Opening:
    """One side of a device that is to be opened for a port."""

    port: AudioPort
    device: Device
    direction: Direction
    block_ms: float = BLOCK_MS

    def block_frames(self, rate_hz: int) -> int:
        """Frames per callback at a rate; 0 where the device chooses."""
        return round(rate_hz * self.block_ms / 1000)


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
            f"The {backend} backend plays devices, not files.", fix='Use `backend="virtual"` with files.'
        )
    if request.block_ms is not None and request.block_ms <= 0:
        raise InvalidInputError(f"A block of {request.block_ms} ms is impossible.", fix="Use 1 to 200 ms.")


def block_ms_of(request: StreamRequest, direction: Direction, device: Device, devices: Sequence[Device]) -> float:
    """Length of a device's block: what was asked for, else what suits the device; 0 for its own.

    Microphone blocks as long as those that are sent, 20 ms in place of 10, saved a tenth of what an idle session costs.

    Args:
        request: The session's request.
        direction: The side of the device.
        device: The device that PortAudio opens.
        devices: All devices of the backend.
    """
    sent_ms = request.sent_block_ms if direction is Direction.INPUT else None
    if request.block_ms or device.host_api == JACK:
        return request.block_ms or _DEVICES_OWN
    return sent_ms or (_PIPEWIRE_BLOCK_MS if leads_to_pipewire(device, devices) else BLOCK_MS)


def formats(device: Device, direction: Direction) -> Iterator[tuple[int, int]]:
    """(rate in Hz, channels) to try, the likeliest first: the device's own rate, mono in and stereo out.

    On ALSA PortAudio calls the rate next to 44100 Hz a device's own, so that is what all report that take several
    rates, sound servers too. Those mostly run at 48000, and then resample: on a PulseAudio sink held at 48000, 6 of 12
    openings at 44100 beside a busy interpreter had a round trip up to 10 ms longer than the others; at 48000 none had.
    Without a busy interpreter both rates measured the same.
    """
    takes_any = device.host_api == "ALSA" and device.native_rate_hz == _RATE_PORTAUDIO_ASKS_ALSA_HZ
    own_hz = _COMMON_RATES_HZ[0] if takes_any else device.native_rate_hz
    for rate_hz in dict.fromkeys((own_hz, *_COMMON_RATES_HZ)):
        for count in _channel_counts(device, direction):
            yield rate_hz, count


def _channel_counts(device: Device, direction: Direction) -> list[int]:
    most = direction.channels_of(device)
    preferred = (1, 2, most) if direction is Direction.INPUT else (2, 1, most)
    return list(dict.fromkeys(count for count in preferred if 1 <= count <= most))


def negotiate(
    device: Device,
    direction: Direction,
    open_at: Callable[[int, int], Opened],
    *,
    open_converted: Callable[[int, int], Opened] | None = None,
) -> tuple[Opened, str]:
    """Open a device in one format after another until it takes one: its own rate, the other rates, a shared mode.

    The sample format is float32 throughout; PortAudio itself converts it to the device's.

    Args:
        device: The device to open.
        direction: The side of it.
        open_at: Opens it at (rate in Hz, channels), or raises PortAudioFailure.
        open_converted: The same through a mode in which the system converts the rate; None where there is none.

    Returns:
        What was opened, and a sentence on what was taken where it is not the device's own rate, else "".

    Raises:
        UnsupportedFormatError: it takes no format.
        DeviceBusyError, StreamLostError: it cannot be opened at all.
    """
    refusal: PortAudioFailure | None = None
    own_hz = (device.native_rate_hz, next(formats(device, direction))[0])
    for opener, how in ((open_at, ""), (open_converted, " in a shared mode, in which the system converts")):
        for rate_hz, channels in formats(device, direction) if opener else ():
            try:
                opened = opener(rate_hz, channels)  # type: ignore[misc] # the loop is empty where it is None
            except PortAudioFailure as failure:
                if failure.code not in _FORMAT_ERRORS:
                    raise explain(failure, device) from failure
                refusal = failure
            else:
                note = f"{describe(device)} refused its own {own_hz[0]} Hz and was opened at {rate_hz} Hz{how}."
                return opened, note if how or rate_hz not in own_hz else ""
    raise explain(refusal or PortAudioFailure(INVALID_SAMPLE_RATE, "no format"), device) from refusal


class Closable(Protocol):
    """Anything with a `close` that may be called twice."""

    def close(self) -> None:
        """Release it."""


def takes_rate(device: Device, direction: Direction, rate_hz: int, open_at: Callable[[int, int], Closable]) -> bool:
    """Whether a device really opens at a rate, with any channel count; what was opened is closed again.

    Args:
        device: The device.
        direction: The side of it to open.
        rate_hz: Sample rate.
        open_at: Opens a stream of (rate in Hz, channels), or raises `PortAudioFailure`.

    Raises:
        DeviceBusyError, StreamLostError: it cannot be opened at all.
    """
    for channels in _channel_counts(device, direction):
        try:
            open_at(rate_hz, channels).close()
        except PortAudioFailure as failure:
            if failure.code not in _FORMAT_ERRORS:
                raise explain(failure, device) from failure
        else:
            return True
    return False


def explain(failure: PortAudioFailure, device: Device) -> VoiceError:
    """The engine's error for a PortAudio failure: one sentence and the fix."""
    name = describe(device)
    if failure.code in _FORMAT_ERRORS:
        return UnsupportedFormatError(
            f"{name} accepts none of the usual rates and channel counts ({failure.text}).", fix=_CHOOSE
        )
    if failure.code in (DEVICE_UNAVAILABLE, INVALID_DEVICE):
        return DeviceBusyError(
            f"{name} cannot be opened: {failure.text}.",
            fix=f"Close the program that uses it, or choose another device: {Advice.DEVICES}",
        )
    return StreamLostError(
        f"{name} cannot be opened: {failure.text} (PortAudio error {failure.code}).",
        fix=f"It may work in the other direction only. {_CHOOSE} If none opens, restart the sound server.",
    )


_open_streams: set[Closable] = set()
"""PortAudio keeps nothing alive: the callback of a stream that a program forgot would go on in memory that is freed."""
_busy: list[object] = []
"""Streams that are being opened or closed: where that hangs, PortAudio may still use their memory."""
_left_open: list[object] = []
"""Streams of a JACK server that has gone, which cannot be closed."""
_restarting = threading.Lock()
"""Nobody opens a stream while PortAudio is being restarted."""
_exit_handlers: set[Callable[[], object]] = set()


def keep_until_closed(stream: Closable) -> None:
    """Keep a stream, and all it knows, until `forget`; what is left then is closed before the interpreter goes."""
    with _restarting:
        _open_streams.add(stream)


def forget(stream: Closable) -> None:
    """Keep a stream no longer: it is closed."""
    _open_streams.discard(stream)


def take_exit_handler(end: Callable[[], object]) -> None:
    """Run a library's own exit handler after our streams are closed, and only where it can end PortAudio."""
    atexit.unregister(end)
    _exit_handlers.add(end)


@atexit.register
def _end_all() -> None:
    for stream in list(_open_streams):
        _suppressed(stream.close)
    if can_be_ended():
        for end in _exit_handlers:
            end()


def close_stream(stream: Closable, host_api: str, keep_alive: object) -> None:
    """Close a stream; where that would abort the process, its memory is kept for good."""
    if host_api == JACK and jack.server_has_gone():
        _left_open.append((stream, keep_alive))
    else:
        _suppressed(stream.close)


def close_within(close: Callable[[], None], keep_alive: object) -> None:
    """Run `close` for at most two seconds; if it hangs, the streams' memory is kept until it returns.

    An interpreter that is going (3.12 and newer) gives no more threads: then it is closed here, and may take longer.
    """

    def close_and_let_go() -> None:
        _suppressed(close)
        _busy.remove(keep_alive)

    _busy.append(keep_alive)
    worker = threading.Thread(target=close_and_let_go, daemon=True, name="voice-close")
    try:
        worker.start()
    except RuntimeError:
        close_and_let_go()
        return
    worker.join(_CLOSE_S)


def streams_hang() -> bool:
    """Whether a stream of this process has neither opened nor closed yet: PortAudio would wait for it to end."""
    return bool(_busy)


def can_be_ended() -> bool:
    """Whether PortAudio can be ended without hanging or aborting the process."""
    return not streams_hang() and not jack.server_has_gone()


@contextlib.contextmanager
def kept_running(stream: object) -> Iterator[None]:
    """Keep PortAudio from being ended while a stream is being opened."""
    _busy.append(stream)
    try:
        yield
    finally:
        _busy.remove(stream)


def restart(restart_library: Callable[[], None], *, ends_others: bool) -> str:
    """Restart PortAudio, which froze its list of devices when it was started, unless that ends a stream.

    Args:
        restart_library: Ends it and starts it again.
        ends_others: Whether that ends streams too that the program has opened without us.

    Returns:
        Why it was not done, in a sentence; "" where it was.
    """
    with _restarting:
        if streams_hang():
            reason = "one of its streams does not close"
        elif jack.server_has_gone():
            reason = "the JACK server that it has joined is gone"
        elif _open_streams:
            reason = "another stream of this program is open"
        elif ends_others and not restarts_are_allowed():
            reason = "this program may have other streams of it"
        else:
            restart_library()
            return ""
    return f"PortAudio still lists the devices it found when it was started: {reason}, so it cannot be restarted."


def not_running(failure: PortAudioFailure) -> StreamLostError:
    """The engine's error where PortAudio does not start again after it was ended."""
    return StreamLostError(
        f"PortAudio does not run: {failure.text} (error {failure.code}).", fix="Check the sound server."
    )


def _suppressed(close: Callable[[], None]) -> None:
    with contextlib.suppress(Exception):
        close()
