"""Headphones and headsets: speakers that no microphone hears, known by the sound server or by their names."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

from engine.redaction import without_keys

_FORM_FACTORS = ("headphone", "headset", "hands-free", "handset")
"""`device.form_factor` of PulseAudio and PipeWire: what is worn or held at the ear, and what cancels its own echo, as
the Hands-Free Profile asks of a device."""
_WORN = re.compile(r"head-?(phone|set)|hands-?free|ear(phone|bud|pod|piece)|airpod|\bbuds", re.IGNORECASE)
_LOUD = re.compile(r"speaker", re.IGNORECASE)
_ANY_SINK = ("default", "pulse", "pipewire")
"""Names under which ALSA offers the sound server, which chooses the device."""
_PATIENCE_S = 1.0
"""A sound server answers within 10 ms."""


def are_headphones(device: str, *, patience_s: float = _PATIENCE_S) -> bool:
    """Whether an output device plays into ears only, as far as anybody knows; from any thread.

    Plugging headphones in may change the port of a device and nothing else, so ask again from time to time: it costs
    two short processes where there is a PulseAudio or PipeWire to be asked, and nothing elsewhere.

    Args:
        device: Its name, as a backend lists it.
        patience_s: Longest wait for each of two answers of the sound server.

    Example:
        >>> [are_headphones(name) for name in ("Headphones (Realtek(R) Audio)", "Speakers / Headphones", "AirPods Pro")]
        [True, False, True]
    """
    sink = _sink_of(device, patience_s)
    if sink is None:
        return _sounds_worn(device)
    if sink.get("properties", {}).get("device.form_factor") in _FORM_FACTORS:
        return True
    port = sink.get("active_port")
    kinds = [one.get("type", "") for one in sink.get("ports", ()) if one.get("name") == port]
    # The description of a card with both sockets names both: "... Speaker + Headphones".
    return _sounds_worn(" ".join([port, *kinds]) if port else f"{device} {sink.get('description')}")


def _sounds_worn(text: str) -> bool:
    return bool(_WORN.search(text)) and not _LOUD.search(text)


def _sink_of(device: str, patience_s: float) -> Mapping[str, Any] | None:
    """The sound server's description of a device; None where there is no server, or it does not know the device."""
    try:
        sinks = json.loads(_pactl("--format=json", "list", "sinks", patience_s=patience_s))
        name = _pactl("get-default-sink", patience_s=patience_s).strip() if device in _ANY_SINK else device
        return next((sink for sink in sinks if _is_called(sink, name)), None)
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError, TypeError):
        return None  # not there, of a version without JSON, or hanging


def _is_called(sink: Mapping[str, Any], name: str) -> bool:
    properties = sink.get("properties", {})
    place = f"(hw:{properties.get('alsa.card')},{properties.get('alsa.device')})"  # as PortAudio calls it
    return name in (sink.get("name"), sink.get("description")) or name.endswith(place)


def _pactl(*arguments: str, patience_s: float) -> str:
    run = subprocess.run(
        ["pactl", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=patience_s,
        check=True,
        env={**without_keys(os.environ), "LC_ALL": "C"},
    )
    return run.stdout.decode(errors="replace")
