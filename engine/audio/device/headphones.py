"""Headphones and headsets: speakers that no microphone hears, known by the sound server or by their names."""

from __future__ import annotations

import re
from typing import Any

from engine.audio.device.sound_server import PLUGINS, ask_server

_FORM_FACTORS = ("headphone", "headset", "hands-free", "handset")
"""`device.form_factor` of PulseAudio and PipeWire: what is worn or held at the ear, and what cancels its own echo, as
the Hands-Free Profile asks of a device."""
_WORN = re.compile(r"head-?(phone|set)|hands-?free|ear(phone|bud|pod|piece)|airpod|\bbuds", re.IGNORECASE)
_LOUD = re.compile(r"speaker", re.IGNORECASE)


def are_headphones(device: str) -> bool:
    """Whether an output device plays into ears only, as far as anybody knows; from any thread.

    Plugging headphones in may change the port of a device and nothing else, so ask again from time to time.

    Args:
        device: Its name, as a backend lists it.

    Example:
        >>> [are_headphones(name) for name in ("Headphones (Realtek(R) Audio)", "Speakers / Headphones", "AirPods Pro")]
        [True, False, True]
    """
    unknown: bool | None = None
    is_worn = ask_server(lambda server: _is_worn(server, device), unknown)
    return _sounds_worn(device) if is_worn is None else is_worn


def _is_worn(server: Any, device: str) -> bool | None:
    """The sound server's word on a device; None where it does not know it."""
    name = server.server_info().default_sink_name if device in PLUGINS else device
    sink = next((sink for sink in server.sink_list() if _is_called(sink, name)), None)
    if sink is None:
        return None
    if sink.proplist.get("device.form_factor") in _FORM_FACTORS:
        return True
    port = sink.port_active
    # The description of a card with both sockets names both: "... Speaker + Headphones".
    return _sounds_worn(f"{port.name} {port.description}" if port else f"{device} {sink.description}")


def _sounds_worn(text: str) -> bool:
    return bool(_WORN.search(text)) and not _LOUD.search(text)


def _is_called(sink: Any, name: str) -> bool:
    place = f"(hw:{sink.proplist.get('alsa.card')},{sink.proplist.get('alsa.device')})"  # as PortAudio calls it
    return name in (sink.name, sink.description) or name.endswith(place)
