"""Words of others in our sentences: names, results and errors are shown as they are, and cost next to nothing."""

from __future__ import annotations

import pytest

from cli.language.catalogue import Catalogue
from cli.language.spoken import translated
from cli.view.lines import describe_stream, loss_line, tool_line
from engine.audio.types import StreamInfo, StreamSide
from engine.realtime.protocol.close_codes import closed
from engine.realtime.protocol.errors import ServerWords, describe, session_end
from engine.realtime.protocol.server_events.base import ServerError
from engine.realtime.session_events import DeviceFound, McpServerChanged, ToolCalled, ToolReturned
from tests.language.catalogue import path_of
from tests.language.test_sentences import russian

__all__ = ["russian"]

HOSTILE = [
    "Nothing was changed.",
    "the microphone is muted",
    "Headset; the microphone is muted",
    "no answer within 5 s",
    "x cannot be opened: in use.",
    "error",
]
VOICES = ", ".join(f"'voice {number}'" for number in range(12))
FOREIGN = [
    f"Invalid value: 'marin'. Supported values are: {VOICES}.",
    ", ".join(f"clause {number} of the text" for number in range(60)),
    "You exceeded your quota, please check your plan: the key is refused (or the model). Choose another; try again.",
    "word " * 400,
]


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize("device", ["default", "pulse", "pipewire", "USB Audio: - (hw:1,0)", *HOSTILE])
def test_a_device_keeps_its_name(device: str) -> None:
    side = StreamSide(device, 48000, 2, 480, 10.0, "ALSA")
    info = StreamInfo("sounddevice", native=True, input=side, output=side)
    about = f"{device} (ALSA), 48000 Гц, 2 канала, задержка 10 мс."
    assert [translated(line) for line in describe_stream(info)] == [f"Микрофон: {about}", f"Динамик: {about}"]
    assert translated(loss_line(DeviceFound(device, "", 1000, is_chosen=True))) == f"  (как выбрано: микрофон {device})"


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize("said", ["12:00", *HOSTILE])
@pytest.mark.parametrize("name", ["clock", "run", "error", "files"])
def test_a_tool_and_a_server_keep_their_names_and_words(name: str, said: str) -> None:
    assert translated(tool_line(ToolCalled(name, {"of": said}))) == f'  инструмент {name}(of="{said}")'
    assert translated(tool_line(ToolReturned(name, said))) == f"  {name}, ответ: {said}"
    assert translated(tool_line(ToolReturned(name, said, failed=True))) == f"  {name}, ошибка: {said}"
    assert translated(tool_line(McpServerChanged(name, "ready", tools=3))) == f"Сервер MCP {name}: 3 инструмента."


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize("said", HOSTILE)
def test_a_service_keeps_its_words(said: str) -> None:
    error = ServerError(said, code="invalid_api_key")
    refused = session_end(error)
    assert refused is not None
    assert isinstance(describe(error), ServerWords)
    assert translated(refused.message) == f"Сервер отказывает: {said}"
    assert said.rstrip(".") in translated(closed(1011, said).message)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Its own, whose tries nobody else counts."""
    with path_of("ru", "mo").open("rb") as file:
        return Catalogue(file)


@pytest.mark.parametrize("text", FOREIGN)
def test_a_text_that_is_not_ours_is_held_against_few_messages(catalogue: Catalogue, text: str) -> None:
    before = catalogue.tries
    assert catalogue.sentence(text) == text
    assert catalogue.tries - before <= 600


def test_a_text_of_ours_is_held_against_its_message(catalogue: Catalogue) -> None:
    before = catalogue.tries
    assert catalogue.sentence("There is no provider 'x'.") == "Нет сервиса 'x'."
    assert 0 < catalogue.tries - before <= 20
