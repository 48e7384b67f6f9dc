"""A service that refuses the model: the person is told which ones are current, and where to choose one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import web

from engine.config import Config
from engine.errors import AccessRefusedError, ConnectionFailedError, VoiceError
from engine.realtime.connection.websocket import Connection
from engine.realtime.providers.choose import OPENAI, YANDEX, ChosenProvider, Provider, choose_provider
from engine.realtime.session_events import ErrorShown
from engine.realtime.testing import Close, Emit, Expect, Step
from tests.realtime.virtual_rig import hold

OF_OPENAI = "Current models of OpenAI are gpt-realtime-2.1, gpt-realtime-2.1-mini, gpt-realtime-2, gpt-realtime-1.5: "
OF_YANDEX = (
    "Current models of Yandex AI Studio are speech-realtime-deepseek-v4-flash/latest, "
    "speech-realtime-max-tts-live/latest: "
)
CHOOSE = "choose one with `model=`."
GONE = {"type": "invalid_request_error", "message": "The model `gpt-realtime` does not exist."}


def chosen_from(provider: Provider, url: str) -> ChosenProvider:
    """The provider as if this were its own address."""
    keys = {"YANDEX_CLOUD_API_KEY": "AQVN-test", "YANDEX_CLOUD_FOLDER_ID": "f", "OPENAI_API_KEY": "sk-test"}
    return replace(choose_provider(provider.name, None, keys, Config()), url=url)


@pytest.mark.parametrize(
    "refusal",
    [
        Emit("error", error={**GONE, "code": "model_not_found"}),
        Emit("error", error={**GONE, "code": "invalid_value", "param": "model"}),
        Emit("response.done", response={"status": "failed", "status_details": {"error": {"code": "model_not_found"}}}),
        Close(4000, "invalid_request_error.model_not_found"),
        Close(3000, "invalid_request_error.model_not_found"),
    ],
    ids=repr,
)
def test_openais_models_are_named(refusal: Step) -> None:
    held = hold([Expect("session.update"), refusal], provider="openai")
    assert isinstance(held.error, AccessRefusedError)
    assert OF_OPENAI + CHOOSE in held.error.fix
    assert held.attempts == 1
    assert [CHOOSE in event.message for event in held.of(ErrorShown)] == [True]


def test_yandexs_models_are_named() -> None:
    held = hold([Expect("session.update"), Close(1008, "Invalid model URI")], provider="yandex")
    assert isinstance(held.error, AccessRefusedError)
    assert OF_YANDEX + CHOOSE in held.error.fix


@pytest.mark.parametrize(
    ("provider", "refusal"),
    [
        ("openai", Emit("error", error={"code": "insufficient_quota", "message": "No."})),
        ("openai", Close(1008, "invalid_api_key")),
        ("custom", Close(1008, "Invalid model")),
    ],
)
def test_they_are_not_named_for_a_key_or_where_they_are_not_known(provider: str, refusal: Step) -> None:
    held = hold([Expect("session.update"), refusal], provider=provider)
    assert isinstance(held.error, AccessRefusedError)
    assert "Current models" not in held.error.fix


@pytest.mark.parametrize(("provider", "models"), [(OPENAI, OF_OPENAI), (YANDEX, OF_YANDEX)])
@pytest.mark.parametrize(
    ("status", "kind", "is_for_the_model"),
    [
        (400, ConnectionFailedError, True),
        (401, AccessRefusedError, False),
        (403, AccessRefusedError, True),
        (404, ConnectionFailedError, True),
        (429, ConnectionFailedError, False),
        (502, ConnectionFailedError, False),
    ],
)
async def test_a_refused_handshake_names_them_where_it_may_be_for_the_model(
    provider: Provider, models: str, status: int, kind: type[VoiceError], is_for_the_model: bool
) -> None:
    refused = await refusal(provider, web.Response(status=status))
    assert type(refused) is kind
    assert f"HTTP {status}" in refused.message
    assert (models + CHOOSE in refused.fix) is is_for_the_model


JSON = "application/json"


@pytest.mark.parametrize(
    ("status", "body", "content_type", "kind", "says"),
    [
        (
            400,
            '{"error": {"message": "No such deployment."}}',
            JSON,
            ConnectionFailedError,
            "deployment",
        ),
        (400, '{"detail": "Invalid model name passed"}', JSON, AccessRefusedError, "Invalid model"),
        (400, '{"error": "bad version"}', JSON, ConnectionFailedError, "(HTTP 400): bad version."),
        (402, '{"error": {"code": "billing"}}', JSON, AccessRefusedError, "billing"),
        (403, "Not in your country", "text/plain", AccessRefusedError, "refuses the session (HTTP 403): Not in your"),
        (403, "sk-test is not welcome", "text/plain", AccessRefusedError, "*** is not welcome"),
        (429, '{"error": {"message": "All sessions are in use."}}', JSON, ConnectionFailedError, "All sessions are in"),
        (429, '{"error": {"code": "insufficient_quota"}}', JSON, AccessRefusedError, "insufficient_quota"),
        (500, '{"error": [7, {"odd": null}]}', JSON, ConnectionFailedError, "cannot open a session now (HTTP 500)"),
        (503, "<html><h1>Overloaded</h1></html>", "text/html", ConnectionFailedError, "now (HTTP 503)."),
        (404, "x" * 100_000, "text/plain", ConnectionFailedError, "(HTTP 404): xxx"),
        (502, "", "text/plain", ConnectionFailedError, "is not a Realtime server (HTTP 502)."),
    ],
)
async def test_the_reason_of_a_refused_handshake_is_told(
    status: int, body: str, content_type: str, kind: type[VoiceError], says: str
) -> None:
    refused = await refusal(OPENAI, web.Response(status=status, text=body, content_type=content_type))
    assert isinstance(refused, kind)
    assert says in refused.message
    assert len(refused.message) < 700


async def refusal(provider: Provider, response: web.Response) -> VoiceError:
    """The error of a server that answers a handshake with this."""

    async def refuse(_: web.Request) -> web.Response:
        return response

    app = web.Application()
    app.router.add_get("/", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
        with pytest.raises(VoiceError) as refused:
            await Connection.open(chosen_from(provider, url))
    finally:
        await runner.cleanup()
    return refused.value
