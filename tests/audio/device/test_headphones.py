"""Headphones are known by the sound server's word, else by their names; a server that is of no use changes nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.audio.device import headphones
from engine.audio.device.headphones import are_headphones
from tests.support.soundcard import SoundCard

SPEAKER = SimpleNamespace(name="analog-output-speaker", description="Speaker")
PORTS = [
    (SPEAKER.name, SPEAKER.description, False),
    ("analog-output-headphones", "Kopfhörer", True),
    ("[Out] Headset", "", True),
    ("headset-output", "Headset", True),
    ("handsfree-output", "Handsfree", True),
    ("jack-2", "Earpiece", True),
    ("speakerphone-output", "", False),
]


def sink(name: str = "internal", **changed: Any) -> SimpleNamespace:
    """A card with a socket, as `pulsectl` describes it."""
    proplist = {"device.form_factor": "internal", "alsa.card": "1", "alsa.device": "0"}
    described = {"name": name, "description": "Built-in Speaker + Headphones", "proplist": proplist}
    return SimpleNamespace(**{**described, "port_active": SPEAKER, **changed})


class Server:
    """A sound server that knows these sinks, the first as its default."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, *sinks: SimpleNamespace) -> None:
        pulse = SimpleNamespace(
            server_info=lambda: SimpleNamespace(default_sink_name=sinks[0].name), sink_list=lambda: list(sinks)
        )
        self._monkeypatch.setattr(headphones, "ask_server", lambda question, otherwise: question(pulse))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


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
def test_where_nobody_can_be_asked_the_name_decides(monkeypatch: pytest.MonkeyPatch, name: str, worn: bool) -> None:
    monkeypatch.setattr(headphones, "ask_server", lambda question, otherwise: otherwise)
    assert are_headphones(name) is worn


@pytest.mark.parametrize(("port", "description", "worn"), PORTS)
def test_the_port_that_is_in_use_decides_and_not_one_that_could_be(
    server: Server, port: str, description: str, worn: bool
) -> None:
    server(sink(port_active=SimpleNamespace(name=port, description=description)))
    assert are_headphones("default") is worn
    assert are_headphones("HDA Intel PCH: ALC257 Analog (hw:1,0)") is worn
    assert are_headphones("Built-in Speaker + Headphones") is worn


@pytest.mark.parametrize(
    ("form", "worn"), [("headset", True), ("headphone", True), ("hands-free", True), ("car", False)]
)
def test_the_form_of_the_device_decides(server: Server, form: str, worn: bool) -> None:
    server(sink(proplist={"device.form_factor": form}))
    assert are_headphones("default") is worn


def test_a_device_without_form_and_ports_is_judged_by_what_it_is_called(server: Server) -> None:
    server(sink(proplist={}, port_active=None, description="Pixel Buds"), sink("tv", port_active=None))
    assert are_headphones("pipewire")
    assert not are_headphones("tv")


def test_the_default_is_the_server_s_and_another_is_found_by_its_name(server: Server) -> None:
    server(sink(), sink("cans", proplist={"device.form_factor": "headphone"}))
    assert not are_headphones("default")
    assert are_headphones("cans")
    assert are_headphones("Headphones of JACK")


def test_the_real_server_is_understood(own_soundcard: SoundCard, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in own_soundcard.env.items():
        monkeypatch.setenv(name, value)
    properties = "sink_properties='device.form_factor=headphone device.description=Cans'"
    own_soundcard.pactl("load-module", "module-null-sink", "sink_name=cans", properties)
    assert [are_headphones(name) for name in ("vspk", "cans", "Cans", "default")] == [False, True, True, False]
    own_soundcard.pactl("set-default-sink", "cans")
    assert are_headphones("default")
