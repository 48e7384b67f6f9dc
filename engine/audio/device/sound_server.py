"""Devices of a desktop's sound server (PulseAudio, PipeWire), which is one device to PortAudio, and their choice."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from engine.audio.types import SOUND_SERVERS, Device, Direction
from engine.daemon_thread import DaemonThread
from engine.errors import StreamLostError

PLUGINS = ("pulse", "pipewire", "default")
"""Names under which ALSA offers the sound server, and its channels there; `default` of a sound card has others."""
_PLUGIN_CHANNELS = (32, 64)
"""PulseAudio's and PipeWire's."""
_PATIENCE_S = 1.0
"""A sound server answers within 10 ms."""
_FIRST_INDEX = 1000
"""Above what PortAudio numbers: sinks are even, sources odd."""
_owed: set[Future[Any]] = set()
"""Answers of a server that hangs: each keeps a thread."""
_leading = threading.Lock()
"""The environment is the whole process's: a stream that is opened meanwhile would go where another was to."""
_Answer = TypeVar("_Answer")


def plugin_of(devices: Sequence[Device]) -> Device | None:
    """Return the device that is a whole sound server to PortAudio, if there is one."""
    for device in devices:
        channels = max(device.max_input_channels, device.max_output_channels)
        if device.host_api == "ALSA" and device.name in PLUGINS and channels in _PLUGIN_CHANNELS:
            return device
    return None


def leads_to_pipewire(device: Device, devices: Sequence[Device]) -> bool:
    """Whether a device that PortAudio opens is PipeWire's, through its own plugin or through PulseAudio's.

    Args:
        device: The device.
        devices: All devices of the backend.
    """
    if device.host_api != "ALSA" or device.name not in PLUGINS:
        return False
    if max(device.max_input_channels, device.max_output_channels) == _PLUGIN_CHANNELS[1]:
        return True
    return plugin_of([device]) is not None and any(listed.host_api == SOUND_SERVERS[1] for listed in devices)


def with_server_devices(devices: Sequence[Device]) -> list[Device]:
    """Return the devices that PortAudio lists, and behind them the sound server's own.

    The server is waited for a second at most. Its default is marked so, beside PortAudio's, which is the whole server.
    """
    plugin = plugin_of(devices)
    nothing: list[Device] = []
    found = ask_server(lambda server: _devices(server, plugin), nothing) if plugin else nothing
    return [*devices, *found]


def _devices(server: Any, plugin: Device) -> list[Device]:
    info = server.server_info()
    host_api = SOUND_SERVERS["pipewire" in info.server_name.lower()]
    latencies = replace(plugin, host_api=host_api, is_default_input=False, is_default_output=False)
    sinks = [
        replace(latencies, index=_FIRST_INDEX + 2 * sink.index, name=sink.description, max_input_channels=0,
                max_output_channels=sink.channel_count, native_rate_hz=sink.sample_spec.rate,
                is_default_output=sink.name == info.default_sink_name)
        for sink in server.sink_list()
    ]  # fmt: skip
    sources = [
        replace(latencies, index=_FIRST_INDEX + 2 * source.index + 1, name=source.description, max_output_channels=0,
                max_input_channels=source.channel_count, native_rate_hz=source.sample_spec.rate,
                is_default_input=source.name == info.default_source_name)
        for source in server.source_list() if source.proplist.get("device.class") != "monitor"
    ]  # fmt: skip
    return sinks + sources


@contextlib.contextmanager
def leading_to(device: Device, direction: Direction, devices: Callable[[], Sequence[Device]]) -> Iterator[Device]:
    """Let a stream that is opened within the block lead to a device, and to no other's; yields what PortAudio opens.

    For one of the server's devices that is the whole server. `devices` lists all devices of the backend.

    ALSA's plugins connect anew after each xrun: a stream that was moved once it ran would return to the default device.
    So they are told by the variables that they read when they are opened.

    Raises:
        StreamLostError: the server does not have it any more.
    """
    if device.host_api not in SOUND_SERVERS:
        yield device
        return
    name = ask_server(lambda server: _name_of(server, device, direction), "")
    if not name:
        raise StreamLostError(f"The sound server has no {device.name} any more.", fix="Choose another device.")
    pulse = "PULSE_SINK" if direction is Direction.OUTPUT else "PULSE_SOURCE"
    with _leading, _environment({pulse: name, "PIPEWIRE_NODE": name}):
        yield plugin_of(devices()) or device


def _name_of(server: Any, device: Device, direction: Direction) -> str:
    info = server.sink_info if direction is Direction.OUTPUT else server.source_info
    return str(info((device.index - _FIRST_INDEX) // 2).name)


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ask_server(question: Callable[[Any], _Answer], otherwise: _Answer) -> _Answer:
    """Return the server's answer; `otherwise` where there is no server, or it does not answer within a second.

    Args:
        question: Given a connection, a `pulsectl.Pulse`.
        otherwise: Returned in place of an answer, at once while the server still owes one.
    """

    def ask() -> _Answer:
        import pulsectl  # noqa: PLC0415 - Linux only, and loads the server's library

        with pulsectl.Pulse("voice", connect=False) as server:
            server.connect(autospawn=False)
            return question(server)

    if _owed:
        return otherwise
    answer: Future[_Answer] = DaemonThread().submit(ask)
    try:
        return answer.result(_PATIENCE_S)
    except Exception:  # nothing to ask with, nobody who answers, or a stream that has gone meanwhile
        if not answer.done():
            _owed.add(answer)
            answer.add_done_callback(_owed.discard)
        return otherwise
