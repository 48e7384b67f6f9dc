"""Headphones are known by the sound server's word, else by their names; a server that is of no use changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.audio.device.headphones import are_headphones
from tests.support.soundcard import SoundCard

Server = Callable[..., Path]
SOCKETS = [
    {"name": "analog-output-speaker", "type": "Speaker"},
    {"name": "analog-output-headphones", "type": "Headphones"},
    {"name": "[Out] Headset", "type": "Headset"},
    {"name": "headset-output", "type": "Unknown"},
    {"name": "handsfree-output", "type": "Handsfree"},
    {"name": "jack-2", "type": "Earpiece"},
    {"name": "speakerphone-output", "type": "Unknown"},
]


def sink(name: str = "internal", **changed: Any) -> dict[str, Any]:
    """A card with a socket, as `pactl` describes it."""
    properties = {"device.form_factor": "internal", "alsa.card": "1", "alsa.device": "0"}
    described = {"name": name, "description": "Built-in Speaker + Headphones", "ports": SOCKETS}
    return {**described, "active_port": "analog-output-speaker", "properties": properties, **changed}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Put a `pactl` on the path that knows these sinks, the first as its default; returns what it is told."""

    def make(*sinks: dict[str, Any], script: str = "") -> Path:
        asked = tmp_path / "asked"
        (tmp_path / "sinks.json").write_text(json.dumps(sinks))
        answers = f'case "$*" in *sinks) cat {tmp_path}/sinks.json;; *) echo {sinks[0]["name"] if sinks else ""};; esac'
        program = tmp_path / "pactl"
        program.write_text(f'#!/bin/sh\necho "$* $LC_ALL $OPENAI_API_KEY" >> {asked}\n{script or answers}\n')
        program.chmod(0o755)
        return asked

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return make


@pytest.mark.parametrize(
    ("name", "worn"),
    [
        ("Headphones (Realtek(R) Audio)", True),
        ("External Headphones", True),
        ("Headset Earphone (HyperX), Windows WASAPI", True),
        ("Headset (WH-1000XM4 Hands-Free AG Audio)", True),
        ("Anna's AirPods Pro", True),
        ("Galaxy Buds2", True),
        ("Pixel Buds", True),
        ("Sony earbuds", True),
        ("Speakers / Headphones (Realtek Audio)", False),
        ("MacBook Pro Speakers", False),
        ("USB Speakerphone Headset", False),
        ("default", False),
        ("HDMI 0", False),
        ("", False),
    ],
)
def test_where_nobody_can_be_asked_the_name_decides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, worn: bool
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert are_headphones(name) is worn


@pytest.mark.parametrize(
    ("port", "worn"), [*zip([socket["name"] for socket in SOCKETS], [False, *[True] * 5, False], strict=True)]
)
def test_the_port_that_is_in_use_decides_and_not_one_that_could_be(server: Server, port: str, worn: bool) -> None:
    server(sink(active_port=port))
    assert are_headphones("default") is worn
    assert are_headphones("HDA Intel PCH: ALC257 Analog (hw:1,0)") is worn
    assert are_headphones("Built-in Speaker + Headphones") is worn


@pytest.mark.parametrize(
    ("form", "worn"), [("headset", True), ("headphone", True), ("hands-free", True), ("car", False)]
)
def test_the_form_of_the_device_decides(server: Server, form: str, worn: bool) -> None:
    server(sink(properties={"device.form_factor": form}))
    assert are_headphones("default") is worn


def test_a_device_without_form_and_ports_is_judged_by_what_it_is_called(server: Server) -> None:
    server(sink(properties={}, ports=[], active_port=None, description="Pixel Buds"), sink("tv", active_port=None))
    assert are_headphones("pipewire")
    assert not are_headphones("tv")


def test_the_default_is_the_server_s_and_another_is_found_by_its_name(server: Server) -> None:
    server(sink(), sink("cans", properties={"device.form_factor": "headphone"}))
    assert not are_headphones("default")
    assert are_headphones("cans")
    assert are_headphones("Headphones of JACK")


@pytest.mark.parametrize(
    "script", ["sleep 60", "exit 1", "echo no JSON", "echo '[3]'", "echo '{\"a\": 1}'", "printf '\\377'", "echo '[{}]'"]
)
def test_a_server_that_is_of_no_use_leaves_it_to_the_name(server: Server, script: str) -> None:
    server(script=script)
    assert are_headphones("Headphones", patience_s=0.5)
    assert not are_headphones("default", patience_s=0.5)


def test_the_child_is_given_no_key_and_speaks_english(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "swordfish")
    asked = server(sink())
    assert not are_headphones("default")
    assert asked.read_text().splitlines() == ["--format=json list sinks C ", "get-default-sink C "]


def test_the_real_server_is_understood(own_soundcard: SoundCard, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in own_soundcard.env.items():
        monkeypatch.setenv(name, value)
    properties = "sink_properties='device.form_factor=headphone device.description=Cans'"
    own_soundcard.pactl("load-module", "module-null-sink", "sink_name=cans", properties)
    assert [are_headphones(name) for name in ("vspk", "cans", "Cans", "default")] == [False, True, True, False]
    own_soundcard.pactl("set-default-sink", "cans")
    assert are_headphones("default")
