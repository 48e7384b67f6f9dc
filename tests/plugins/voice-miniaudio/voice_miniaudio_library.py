"""miniaudio's C functions as this backend needs them: its list of devices, and one that a compiled callback drives.

The classes of the Python package call a generator for every block; its `ffi` and `lib` are the C interface below them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from miniaudio import ffi, lib
from numba import int64

from engine.audio.port.audio_port import AudioPort
from engine.audio.types import Device, Direction, StreamSide
from engine.dsp.compile.declare import c_callback
from engine.dsp.compile.intrinsics import load
from engine.dsp.compile.library import library
from engine.errors import (
    DeviceBusyError,
    PermissionDeniedError,
    StreamLostError,
    UnsupportedFormatError,
    VoiceError,
)

_FLOAT32 = lib.ma_format_f32
_PERIODS = 3
"""Blocks in the device's buffer; miniaudio's own choice where nobody makes one."""
_KINDS = {Direction.INPUT: lib.ma_device_type_capture, Direction.OUTPUT: lib.ma_device_type_playback}
_RATE_HZ = 48000
"""Of devices that take any."""


@functools.cache
def _callbacks() -> tuple[Any, Any]:
    """miniaudio's two callbacks: the port's control block is the user data, which lies in the device."""
    move_block, finish = map(library().for_callbacks, ("move_block", "finish"))
    user_data_word = ffi.offsetof("ma_device", "pUserData") // 8

    @c_callback("void(int64, int64, int64, uint32)")
    def on_block(device, output, source, frames):  # type: ignore[no-untyped-def]
        """ma_device_data_proc."""
        move_block(load(device, user_data_word), source, output, int64(frames), 0)

    @c_callback("void(int64)")
    def on_stop(device):  # type: ignore[no-untyped-def]
        """ma_stop_proc: it ended, by itself or because it was closed."""
        finish(load(device, user_data_word))

    return on_block, on_stop


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device and miniaudio's own handle of it."""

    device: Device
    handle: Any


def list_devices() -> list[ListedDevice]:
    """Every microphone and every speaker, numbered in one row."""
    listed: list[ListedDevice] = []
    with _context() as (context, host_api):
        if host_api == "Null":
            return []
        counts = ffi.new("ma_uint32[2]")
        infos = ffi.new("ma_device_info*[2]")
        _check(lib.ma_context_get_devices(context, infos + 1, counts + 1, infos, counts), "The devices", "listed")
        for direction, position in ((Direction.INPUT, 0), (Direction.OUTPUT, 1)):
            for number in range(counts[position]):
                info = infos[position][number]
                details = (_KINDS[direction], ffi.addressof(info.id), ffi.addressof(info))
                if lib.ma_context_get_device_info(context, *details) == lib.MA_SUCCESS:
                    listed.append(_listed(len(listed), info, direction, host_api))
    return listed


def _listed(index: int, info: Any, direction: Direction, host_api: str) -> ListedDevice:
    formats = [info.nativeDataFormats[number] for number in range(info.nativeDataFormatCount)]
    channels = max((form.channels for form in formats), default=0) or 2
    handle = ffi.new("ma_device_id*", info.id)
    is_input = direction is Direction.INPUT
    return ListedDevice(
        Device(
            index=index,
            name=_name(info, handle, host_api),
            host_api=host_api,
            max_input_channels=channels if is_input else 0,
            max_output_channels=0 if is_input else channels,
            native_rate_hz=(formats[0].sampleRate if formats else 0) or _RATE_HZ,
            is_default_input=is_input and bool(info.isDefault),
            is_default_output=not is_input and bool(info.isDefault),
        ),
        handle,
    )


def _name(info: Any, handle: Any, host_api: str) -> str:
    """The description; with PulseAudio, where several may have the same one, also the name of the sink or source."""
    name: str = ffi.string(info.name).decode(errors="replace")
    if host_api != "PulseAudio":
        return name
    return f"{name} ({ffi.string(ffi.cast('char*', handle)).decode(errors='replace')})"


@contextmanager
def _context() -> Iterator[tuple[Any, str]]:
    """A context, and the host API that miniaudio has chosen for it."""
    context = ffi.new("ma_context*")
    _check(lib.ma_context_init(ffi.NULL, 0, ffi.NULL, context), "The sound system", "reached")
    try:
        yield context, ffi.string(lib.ma_get_backend_name(context.backend)).decode()
    finally:
        lib.ma_context_uninit(context)


class OpenDevice:
    """One direction, driven by the port's kernel."""

    def __init__(
        self, port: AudioPort, listed: ListedDevice, direction: Direction, channels: int, block_ms: float
    ) -> None:
        """Open the device at its own rate, and attach it to the port.

        Raises:
            VoiceError: miniaudio refuses.
        """
        config = lib.ma_device_config_init(_KINDS[direction])
        side = config.capture if direction is Direction.INPUT else config.playback
        side.pDeviceID, side.format, side.channels = listed.handle, _FLOAT32, channels
        config.sampleRate = rate_hz = listed.device.native_rate_hz
        config.periodSizeInFrames = block_frames = max(1, round(rate_hz * block_ms / 1000))
        config.periods = _PERIODS
        on_block, on_stop = _callbacks()
        config.dataCallback = ffi.cast("ma_device_data_proc", on_block.address)
        config.stopCallback = ffi.cast("ma_stop_proc", on_stop.address)
        config.pUserData = ffi.cast("void*", port.control_address)
        self.direction = direction
        self._name = listed.device.name
        self._keep_alive = (port, listed)
        self._device = ffi.new("ma_device*")
        code = lib.ma_device_init_ex(ffi.NULL, 0, ffi.NULL, ffi.addressof(config), self._device)
        _check(code, self._name, "opened")
        attach = port.attach_input if direction is Direction.INPUT else port.attach_output
        attach(rate_hz, channels)
        self.side = StreamSide(self._name, rate_hz, channels, block_frames, _PERIODS * 1000 * block_frames / rate_hz)

    @property
    def active(self) -> bool:
        """True while the callback runs."""
        return bool(lib.ma_device_is_started(self._device))

    def start(self) -> None:
        """Let the callback run.

        Raises:
            VoiceError: miniaudio refuses.
        """
        _check(lib.ma_device_start(self._device), self._name, "started")

    def close(self) -> None:
        """Stop and release; waits for the callback that runs."""
        lib.ma_device_uninit(self._device)


def _check(code: int, name: str, what: str) -> None:
    """Raise the engine's error for one of miniaudio's codes.

    Raises:
        VoiceError: the code is one of failure.
    """
    if code == lib.MA_SUCCESS:
        return
    kinds: dict[int, type[VoiceError]] = {
        lib.MA_ACCESS_DENIED: PermissionDeniedError,
        lib.MA_BUSY: DeviceBusyError,
        lib.MA_ALREADY_IN_USE: DeviceBusyError,
        lib.MA_FORMAT_NOT_SUPPORTED: UnsupportedFormatError,
    }
    raise kinds.get(code, StreamLostError)(
        f"{name} cannot be {what} (miniaudio error {code}).",
        fix="Check that the sound server runs and nothing else holds it, or choose another with `voice devices`.",
    )
