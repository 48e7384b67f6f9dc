"""The effective settings of one session, merged from the client's session.update events."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from engine.local.validation import MAX_RATE_HZ, MIN_RATE_HZ, Refusal

MODEL = "voice-local"
_Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServerVad:
    """The parameters of turn detection, with the protocol's defaults."""

    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    create_response: bool = True
    interrupt_response: bool = True


def _default_session(session_id: str) -> _Object:
    pcm = {"type": "audio/pcm", "rate": 24000}
    vad = {name: getattr(ServerVad(), name) for name in ServerVad.__dataclass_fields__}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": MODEL,
        "instructions": "",
        "output_modalities": ["audio"],
        "audio": {
            "input": {"format": dict(pcm), "turn_detection": {"type": "server_vad", **vad}},
            "output": {"format": dict(pcm), "voice": "espeak"},
        },
        "tools": [],
        "tool_choice": "auto",
    }


class Settings:
    """What the client asked for so far."""

    def __init__(self, session_id: str) -> None:
        self._session = _default_session(session_id)

    @property
    def session(self) -> _Object:
        """The whole session object, as it is echoed."""
        return copy.deepcopy(self._session)

    def update(self, changes: _Object) -> None:
        """Merge a session.update; refused as a whole where any part is wrong.

        Raises:
            Refusal: a value that this server cannot honour.
        """
        fixed = {name: self._session[name] for name in ("id", "object", "model", "type")}
        merged = {**_merge(self._session, changes), **fixed}
        _check(merged)
        self._session = merged

    @property
    def input_rate_hz(self) -> int:
        """Wire rate of the microphone."""
        return int(self._session["audio"]["input"]["format"]["rate"])

    @property
    def output_rate_hz(self) -> int:
        """Wire rate of the answers."""
        return int(self._session["audio"]["output"]["format"]["rate"])

    @property
    def speaks(self) -> bool:
        """Whether answers have sound."""
        return "audio" in self._session["output_modalities"]

    @property
    def vad(self) -> ServerVad | None:
        """Turn detection, or None where the client commits by itself."""
        wanted = self._session["audio"]["input"].get("turn_detection")
        if wanted is None:
            return None
        known = {name: wanted[name] for name in ServerVad.__dataclass_fields__ if wanted.get(name) is not None}
        return ServerVad(**known)

    @property
    def functions(self) -> frozenset[str]:
        """Names of the functions that the client offers."""
        if self._session["tool_choice"] == "none":
            return frozenset()
        return frozenset(str(tool.get("name")) for tool in self._session["tools"])


def _merge(old: _Object, new: _Object) -> _Object:
    """A deep merge: objects are merged, everything else is replaced; null in a nested object means null."""
    merged = copy.deepcopy(old)
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merge(merged[name], value)
        else:
            merged[name] = copy.deepcopy(value)
    return merged


def _check(session: _Object) -> None:
    for side in ("input", "output"):
        path = f"session.audio.{side}.format"
        wire = session["audio"][side].get("format")
        if not isinstance(wire, dict) or wire.get("type") != "audio/pcm":
            raise Refusal("The only format is 'audio/pcm'.", "invalid_value", f"{path}.type")
        rate = wire.get("rate")
        if not isinstance(rate, int) or not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
            message = f"The rate must be from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz."
            raise Refusal(message, "invalid_value", f"{path}.rate")
    modalities = session["output_modalities"]
    if not modalities or not set(map(str, modalities)) <= {"audio", "text"}:
        raise Refusal("Modalities are 'audio' and 'text'.", "invalid_value", "session.output_modalities")
    detection = session["audio"]["input"].get("turn_detection")
    if detection is not None and detection.get("type") != "server_vad":
        message = "This server detects turns by 'server_vad' or not at all."
        raise Refusal(message, "invalid_value", "session.audio.input.turn_detection.type")
    if detection is not None and not 0.0 <= float(detection.get("threshold") or 0.5) <= 1.0:
        raise Refusal("0 to 1.", "invalid_value", "session.audio.input.turn_detection.threshold")
    for index, tool in enumerate(session["tools"]):
        if not isinstance(tool, dict) or tool.get("type") != "function" or not isinstance(tool.get("name"), str):
            message = "A tool is an object of type 'function' with a name."
            raise Refusal(message, "invalid_value", f"session.tools[{index}]")
