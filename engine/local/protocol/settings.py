"""The effective settings of one session, merged from the client's session.update events."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from engine.local.protocol.beta import ga_shape
from engine.local.protocol.client_schema import MAX_OUTPUT_TOKENS, TOOLS, VADS
from engine.local.protocol.validation import Refusal, missing
from engine.local.protocol.wire import WireFormat

MODEL = "voice-local"
MAX_CHARACTERS = 1 << 20
_Object = dict[str, Any]
_CAN_BE_OFF = frozenset({"turn_detection", "transcription", "noise_reduction", "tracing", "prompt", "idle_timeout_ms"})
_SECRET = ("authorization", "headers")
_PATIENCE_MS = {"high": 300, "medium": 500, "auto": 500, "low": 1000}
"""Silence that ends a turn with semantic VAD: nothing here judges whether a sentence is complete."""


@dataclass(frozen=True, slots=True)
class ServerVad:
    """The parameters of turn detection, with the protocol's defaults."""

    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: int | None = None
    """Silence after an answer has been played, until the agent asks whether anyone is there."""

    @property
    def ears(self) -> tuple[float, int, int]:
        """The settings on which the detection of speech depends; the rest says what follows from speech."""
        return self.threshold, self.prefix_padding_ms, self.silence_duration_ms


_DETECTION_DEFAULTS: dict[str, _Object] = {
    "server_vad": asdict(ServerVad()),
    "semantic_vad": {"eagerness": "auto", "create_response": True, "interrupt_response": True},
}


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
            "input": {
                "format": dict(pcm),
                "turn_detection": {"type": "server_vad", **_DETECTION_DEFAULTS["server_vad"]},
                "transcription": None,
                "noise_reduction": None,
            },
            "output": {"format": dict(pcm), "voice": "espeak", "speed": 1.0},
        },
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "truncation": "auto",
        "tracing": None,
        "prompt": None,
    }


class Settings:
    """The client's settings so far."""

    def __init__(self, session_id: str) -> None:
        self.session = _default_session(session_id)
        """The whole session object, as it is echoed; an update replaces it, and nothing changes it."""

    def update(self, changes: _Object, *, voice_is_fixed: bool = False) -> None:
        """Merge the session of a session.update; refused as a whole where any part is wrong.

        Raises:
            Refusal: a value that this server cannot honour, or another voice when one has been heard.
        """
        fixed = {name: self.session[name] for name in ("id", "object", "model", "type")}
        merged = {**_merge(self.session, ga_shape(changes)), **fixed}
        # Keys of remote servers are not repeated to whoever reads, or records, what this server says.
        merged["tools"] = [{name: tool[name] for name in tool if name not in _SECRET} for tool in merged["tools"]]
        _check(merged, "session")
        if voice_is_fixed and _voice(merged) != _voice(self.session):
            message = "Cannot update a conversation's voice if assistant audio is present."
            raise Refusal(message, "cannot_update_voice", "session.audio.output.voice")
        self.session = merged

    def for_response(self, wishes: _Object) -> Settings:
        """Return these settings with what one response.create wants otherwise.

        Raises:
            Refusal: a value that this server cannot honour.
        """
        apart = ("metadata", "input", "conversation")
        changes = {name: value for name, value in ga_shape(wishes).items() if name not in apart}
        settings = Settings(self.session["id"])
        settings.session = _merge(self.session, changes)
        _check(settings.session, "response")
        return settings

    @property
    def input_format(self) -> WireFormat:
        """Coding and rate of the microphone's audio."""
        return WireFormat.of(self.session["audio"]["input"]["format"])

    @property
    def output_format(self) -> WireFormat:
        """Coding and rate of the answers' audio."""
        return WireFormat.of(self.session["audio"]["output"]["format"])

    @property
    def speaks(self) -> bool:
        """Whether answers have sound."""
        return "audio" in self.session["output_modalities"]

    @property
    def speed(self) -> float:
        """Speed of the spoken answers; 1 is as usual."""
        return float(self.session["audio"]["output"]["speed"])

    @property
    def vad(self) -> ServerVad | None:
        """Turn detection, or None where the client commits by itself."""
        wanted = self.session["audio"]["input"]["turn_detection"]
        if wanted is None:
            return None
        known = {name: wanted[name] for name in ServerVad.__dataclass_fields__ if name in wanted}
        if wanted["type"] == "semantic_vad":
            known["silence_duration_ms"] = _PATIENCE_MS[wanted["eagerness"]]
        return ServerVad(**known)

    @property
    def functions(self) -> dict[str, _Object]:
        """The functions that the client offers, by name, with the schema of their arguments."""
        if self.session["tool_choice"] == "none":
            return {}
        offered = [tool for tool in self.session["tools"] if tool["type"] == "function"]
        return {tool["name"]: tool.get("parameters") or {} for tool in offered}

    @property
    def mcp_labels(self) -> frozenset[str]:
        """The remote servers whose tools the client offers."""
        return frozenset(tool["server_label"] for tool in self.session["tools"] if tool["type"] == "mcp")

    @property
    def required_functions(self) -> dict[str, _Object]:
        """The functions of which an answer has to call one; empty where it may do without."""
        choice, offered = self.session["tool_choice"], self.functions
        if isinstance(choice, dict):
            return {name: offered[name] for name in offered if name == choice.get("name")}
        return offered if choice == "required" else {}

    @property
    def instructions(self) -> str:
        """The agent's instructions."""
        return str(self.session["instructions"])

    @property
    def max_output_tokens(self) -> int:
        """The longest answer."""
        most = self.session["max_output_tokens"]
        return MAX_OUTPUT_TOKENS if most == "inf" else int(most)

    @property
    def transcription_model(self) -> str | None:
        """The model that the client wants its words to be transcribed by; None where it wants no transcripts."""
        wanted = self.session["audio"]["input"]["transcription"]
        return None if wanted is None else str(wanted.get("model") or "")


def _voice(session: _Object) -> Any:
    return session["audio"]["output"]["voice"]


def _merge(old: _Object, new: _Object) -> _Object:
    """A deep merge: objects are merged, everything else is replaced. Null turns off what can be off, else nothing."""
    merged = dict(old)
    for name, value in new.items():
        if name == "turn_detection" and isinstance(value, dict):
            merged[name] = _detection(value)
        elif name == "tool_choice" and value is not None:
            merged[name] = value
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merge(merged[name], value)
        elif isinstance(value, dict):
            merged[name] = _merge({}, value)
        elif value is not None or name in _CAN_BE_OFF:
            merged[name] = value
    return merged


def _detection(wanted: _Object) -> _Object:
    """Turn detection is replaced as a whole; what is not named has its default."""
    named = {name: value for name, value in wanted.items() if value is not None or name in _CAN_BE_OFF}
    return {**_DETECTION_DEFAULTS[wanted["type"]], **named}


def _check(session: _Object, root: str) -> None:
    """Refuse what the fields one by one do not show.

    Raises:
        Refusal: no modality, a parameter of another way to detect turns, a tool without a name or not offered, or
            too much.
    """
    if not session["output_modalities"]:
        raise Refusal("Modalities are 'audio' and 'text'.", "invalid_value", f"{root}.output_modalities")
    if detection := session["audio"]["input"]["turn_detection"]:
        for name in detection:
            if name != "type" and name not in VADS[detection["type"]]:
                path = f"{root}.audio.input.turn_detection.{name}"
                raise Refusal(f"'{detection['type']}' has no parameter '{name}'.", "unknown_parameter", path)
    for index, tool in enumerate(session["tools"]):
        if not tool.get(TOOLS[tool["type"]]):
            raise missing(f"{root}.tools[{index}].{TOOLS[tool['type']]}")
    _check_tool_choice(session, f"{root}.tool_choice")
    if len(json.dumps(session, ensure_ascii=False)) > MAX_CHARACTERS:
        raise Refusal(f"A session has at most {MAX_CHARACTERS} characters.", "invalid_value", root)


def _check_tool_choice(session: _Object, path: str) -> None:
    choice = session["tool_choice"]
    if isinstance(choice, str):
        if choice not in ("none", "auto", "required"):
            raise Refusal("'tool_choice' is 'none', 'auto', 'required' or a function.", "invalid_value", path)
    else:
        key = TOOLS.get(str(choice.get("type")), "")
        if not key or choice.get(key) not in [tool.get(key) for tool in session["tools"]]:
            raise Refusal("'tool_choice' names none of the tools.", "invalid_value", path)
