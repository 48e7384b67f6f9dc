"""The effective settings of one session, merged from the client's session.update events."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.local.validation import MAX_RATE_HZ, MIN_RATE_HZ, Refusal

MODEL = "voice-local"
MAX_CHARACTERS = 1 << 20
_Object = dict[str, Any]
_CAN_BE_OFF = frozenset({"turn_detection", "transcription", "noise_reduction", "tracing", "prompt"})
_RANGES = {"threshold": (0, 1), "prefix_padding_ms": (0, 5000), "silence_duration_ms": (0, 10_000)}


@dataclass(frozen=True, slots=True)
class ServerVad:
    """The parameters of turn detection, with the protocol's defaults."""

    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    create_response: bool = True
    interrupt_response: bool = True


def _default_detection() -> _Object:
    return {"type": "server_vad", **asdict(ServerVad())}


def _default_session(session_id: str) -> _Object:
    pcm = {"type": "audio/pcm", "rate": 24000}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": MODEL,
        "instructions": "",
        "output_modalities": ["audio"],
        "audio": {
            "input": {"format": dict(pcm), "turn_detection": _default_detection()},
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
        _check(merged, "session")
        if detection := merged["audio"]["input"]["turn_detection"]:
            merged["audio"]["input"]["turn_detection"] = {**_default_detection(), **detection}
        self._session = merged

    def for_response(self, wishes: _Object) -> Settings:
        """Return these settings with what one response.create wants otherwise.

        Raises:
            Refusal: a value that this server cannot honour.
        """
        if wishes.get("input") or wishes.get("conversation") not in (None, "auto"):
            raise Refusal("This server answers within its one conversation only.", "invalid_value", "response")
        changes = {name: wishes.get(name) for name in ("output_modalities", "tools", "tool_choice", "audio")}
        if changes["output_modalities"] is None:
            changes["output_modalities"] = wishes.get("modalities")
        settings = Settings(self._session["id"])
        settings._session = _merge(self._session, changes)
        _check(settings._session, "response")
        return settings

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
        wanted = self._session["audio"]["input"]["turn_detection"]
        if wanted is None:
            return None
        return ServerVad(**{entry.name: wanted[entry.name] for entry in fields(ServerVad)})

    @property
    def functions(self) -> frozenset[str]:
        """Names of the functions that the client offers."""
        if self._session["tool_choice"] == "none":
            return frozenset()
        return frozenset(str(tool.get("name")) for tool in self._session["tools"])


def _merge(old: _Object, new: _Object) -> _Object:
    """A deep merge: objects are merged, everything else is replaced. Null turns off what can be off, else nothing."""
    merged = copy.deepcopy(old)
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merge(merged[name], value)
        elif isinstance(value, dict):
            merged[name] = _merge({}, value)
        elif value is not None or name in _CAN_BE_OFF:
            merged[name] = copy.deepcopy(value)
    return merged


def _check(session: _Object, root: str) -> None:
    for side in ("input", "output"):
        _check_format(session["audio"][side]["format"], f"{root}.audio.{side}.format")
    modalities = session["output_modalities"]
    if not modalities or any(entry not in ("audio", "text") for entry in modalities):
        raise Refusal("Modalities are 'audio' and 'text'.", "invalid_value", f"{root}.output_modalities")
    detection = session["audio"]["input"]["turn_detection"]
    if detection is not None:
        _check_detection(detection, f"{root}.audio.input.turn_detection")
    for index, tool in enumerate(session["tools"]):
        if not isinstance(tool, dict) or tool.get("type") != "function" or not isinstance(tool.get("name"), str):
            message = "A tool is an object of type 'function' with a name."
            raise Refusal(message, "invalid_value", f"{root}.tools[{index}]")
    if len(json.dumps(session, ensure_ascii=False)) > MAX_CHARACTERS:
        raise Refusal(f"A session has at most {MAX_CHARACTERS} characters.", "invalid_value", root)


def _check_format(wire: _Object, path: str) -> None:
    if wire.get("type") != "audio/pcm":
        raise Refusal("The only format is 'audio/pcm'.", "invalid_value", f"{path}.type")
    if not MIN_RATE_HZ <= wire["rate"] <= MAX_RATE_HZ:
        raise Refusal(f"The rate must be from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz.", "invalid_value", f"{path}.rate")
    if wire.get("channels", 1) != 1:
        raise Refusal("The audio is mono.", "invalid_value", f"{path}.channels")


def _check_detection(detection: _Object, path: str) -> None:
    if detection.get("type") != "server_vad":
        raise Refusal("This server detects turns by 'server_vad' or not at all.", "invalid_value", f"{path}.type")
    for name, (lowest, highest) in _RANGES.items():
        if not lowest <= detection.get(name, lowest) <= highest:
            raise Refusal(f"'{name}' is from {lowest} to {highest}.", "invalid_value", f"{path}.{name}")
