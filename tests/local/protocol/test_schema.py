"""What the server accepts, field by field, against the protocol as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.local.protocol.client_schema import BETA_ANSWERING, BETA_SESSION, EVENTS, VADS
from engine.local.protocol.validation import Need

PROTOCOL: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "realtime_events.json").read_text())
NOT_OPENAIS = {
    "rate": "of any PCM16",
    "channels": "Yandex",
    "languages": "Yandex",
    "role": "Yandex",
    "id": "of echoes",
    "object": "of echoes",
}
"""Fields that a client may send beside those of the protocol's data, and where they come from."""


def shape(name: str) -> dict[str, str]:
    """The fields of a shape by the end of its name."""
    (found,) = [fields for key, fields in PROTOCOL["shapes"].items() if key.endswith(f".{name}")]
    return dict(found)


def named(fields: Mapping[str, str]) -> set[str]:
    """Names without the mark of what may be absent."""
    return {name.removesuffix("?") for name in fields}


def inner(need: Need, *path: str) -> Mapping[str, Need]:
    """The fields of an object somewhere in a field."""
    for name in path:
        assert need.fields is not None
        need = need.fields[name]
    assert need.fields is not None
    return need.fields


@pytest.mark.parametrize("kind", PROTOCOL["client"])
def test_every_client_event_has_the_fields_of_the_protocol(kind: str) -> None:
    documented = PROTOCOL["client"][kind]
    assert set(EVENTS[kind]) | {"type", "event_id"} == named(documented)
    required = {name for name, need in EVENTS[kind].items() if need.required}
    assert required == {name for name in documented if not name.endswith("?")} - {"type"}


def test_there_are_no_client_events_beside_the_protocols() -> None:
    assert set(EVENTS) == set(PROTOCOL["client"])


SESSION = EVENTS["session.update"]["session"]
RESPONSE = EVENTS["response.create"]["response"]


@pytest.mark.parametrize(
    ("fields", "name", "others"),
    [
        (inner(SESSION), "RealtimeSessionCreateRequest", set(BETA_SESSION)),
        (inner(SESSION, "audio"), "RealtimeAudioConfig", set()),
        (inner(SESSION, "audio", "input"), "RealtimeAudioConfigInput", set()),
        (inner(SESSION, "audio", "output"), "RealtimeAudioConfigOutput", set()),
        (inner(SESSION, "audio", "input", "transcription"), "AudioTranscription", set()),
        (inner(SESSION, "audio", "input", "format"), "AudioPCM", set()),
        (inner(RESPONSE), "RealtimeResponseCreateParams", set(BETA_ANSWERING)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_object_has_the_fields_of_the_protocol(fields: Mapping[str, Need], name: str, others: set[str]) -> None:
    assert set(fields) - others - set(NOT_OPENAIS) == named(shape(name)) - set(NOT_OPENAIS)
    assert named(shape(name)) <= set(fields)


@pytest.mark.parametrize(("kind", "name"), [("server_vad", "ServerVad"), ("semantic_vad", "SemanticVad")])
def test_each_way_to_detect_turns_has_its_parameters(kind: str, name: str) -> None:
    documented = PROTOCOL["shapes"][f"realtime_audio_input_turn_detection.{name}"]
    assert set(VADS[kind]) == named(documented) - {"type"}
