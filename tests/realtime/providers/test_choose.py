"""Which provider is taken, with which key, and that no text shows the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Config, Keys, SessionDefaults, load_config
from engine.errors import AccessRefusedError, InvalidInputError
from engine.realtime.providers.choose import choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.redaction import Secret, shown_url

YANDEX = {"YANDEX_CLOUD_API_KEY": "AQVN-secret", "YANDEX_CLOUD_FOLDER_ID": "b1gfolder"}
OPENAI = {"OPENAI_API_KEY": "sk-secret"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "local"),
        (YANDEX, "yandex"),
        (OPENAI, "openai"),
        ({**YANDEX, **OPENAI}, "yandex"),
        ({"YANDEX_CLOUD_API_KEY": "AQVN-secret"}, "local"),
        ({"YANDEX_CLOUD_API_KEY": " ", "YANDEX_CLOUD_FOLDER_ID": "f"}, "local"),
        ({"YANDEX_CLOUD_IAM_TOKEN": "t1.secret", "YANDEX_CLOUD_FOLDER_ID": "f"}, "yandex"),
    ],
)
def test_the_keys_that_are_set_choose(environ: dict[str, str], expected: str) -> None:
    chosen = choose_provider(None, None, environ, Config())
    assert chosen.provider.name == expected
    assert chosen.reason


def test_the_yandex_address_key_and_model() -> None:
    chosen = choose_provider("yandex", None, YANDEX, Config())
    model = "gpt://b1gfolder/speech-realtime-deepseek-v4-flash/latest"
    assert chosen.model == model
    assert chosen.url == f"wss://ai.api.cloud.yandex.net/v1/realtime?model={model}"
    assert chosen.headers["Authorization"].reveal() == "Api-Key AQVN-secret"
    assert [tool.name for tool in chosen.server_tools] == ["web_search"]


def test_the_openai_address_and_models() -> None:
    chosen = choose_provider("openai", None, OPENAI, Config())
    assert chosen.url == "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1"
    session = SessionSettings().to_json(chosen)
    assert session["audio"]["input"]["transcription"] == {"model": "gpt-transcribe"}


@pytest.mark.parametrize(
    ("name", "url", "model", "expected"),
    [
        ("openai", None, "gpt-realtime-2", "wss://api.openai.com/v1/realtime?model=gpt-realtime-2"),
        (None, None, "a b&c", "wss://api.openai.com/v1/realtime?model=a%20b%26c"),
        ("yandex", None, "mine/latest", "wss://ai.api.cloud.yandex.net/v1/realtime?model=gpt://f/mine/latest"),
        ("yandex", None, "gpt://g/mine", "wss://ai.api.cloud.yandex.net/v1/realtime?model=gpt://g/mine"),
        (None, "ws://h/v1?a=1&model=x", "mine", "ws://h/v1?a=1&model=mine"),
        (None, "ws://h/v1?model=x", None, "ws://h/v1?model=x"),
        (None, "ws://h:1", None, "ws://h:1/v1/realtime"),
        (None, "ws://h:1/", None, "ws://h:1/"),
        (None, "wss://h?a=1", "mine", "wss://h/v1/realtime?a=1&model=mine"),
    ],
)
def test_a_model_is_chosen_by_its_name(name: str | None, url: str | None, model: str | None, expected: str) -> None:
    environ = {**OPENAI, "YANDEX_CLOUD_API_KEY": "AQVN-secret", **({"YANDEX_CLOUD_FOLDER_ID": "f"} if name else {})}
    assert choose_provider(name, url, environ, Config(), model).url == expected


@pytest.mark.parametrize("name", [None, "local"])
def test_the_embedded_server_has_no_other_model(name: str | None) -> None:
    with pytest.raises(InvalidInputError) as refused:
        choose_provider(name, None, {}, Config(), "gpt-realtime-2.1")
    assert "`model=`" in refused.value.fix


def test_of_an_unknown_name_it_is_said_where_it_stands() -> None:
    config = Config(session=SessionDefaults(provider="opnai"))
    with pytest.raises(InvalidInputError, match="no provider 'opnai'") as refused:
        choose_provider(None, None, {}, config)
    assert "[session] in the configuration" in refused.value.fix
    with pytest.raises(InvalidInputError) as refused:
        choose_provider("nobody", None, {}, config)
    assert "[session]" not in refused.value.fix


def test_an_iam_token_is_a_bearer() -> None:
    environ = {"YANDEX_CLOUD_IAM_TOKEN": "t1.secret", "YANDEX_CLOUD_FOLDER_ID": "f"}
    assert choose_provider("yandex", None, environ, Config()).headers["Authorization"].reveal() == "Bearer t1.secret"


def test_no_text_of_a_chosen_provider_shows_a_secret() -> None:
    chosen = choose_provider("openai", "wss://me:pass-word@example.org/?token=to-ken", OPENAI, Config())
    shown = f"{chosen!r} {chosen.shown_url} {chosen.headers}"
    assert "sk-secret" not in shown
    assert "pass-word" not in shown
    assert "to-ken" not in shown
    assert chosen.scrubber.clean("a sk-secret b pass-word c to-ken") == "a sk-secret b *** c ***"
    with_key = choose_provider("openai", "wss://example.org/", OPENAI, Config())
    assert with_key.scrubber.clean("a sk-secret b") == "a *** b"


@pytest.mark.parametrize("key", ["with\nline", "ключ"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(AccessRefusedError) as refused:
        choose_provider("openai", None, {"OPENAI_API_KEY": key}, Config())
    assert key not in str(refused.value)


@pytest.mark.parametrize("url", ["http://a", "ws://", "wss://h:99999/", "nonsense", "wss://u:secret@:1"])
def test_what_is_no_address_is_refused_without_showing_its_secrets(url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        choose_provider(None, url, {}, Config())
    assert "secret" not in str(refused.value)


def test_any_address_takes_the_bearer_of_its_own_variable() -> None:
    chosen = choose_provider(None, "ws://127.0.0.1:1/", {"VOICE_API_KEY": "mine", **YANDEX}, Config())
    assert chosen.provider.name == "custom"
    assert chosen.headers["Authorization"].reveal() == "Bearer mine"


def test_options_replace_the_providers_voice_and_instructions() -> None:
    chosen = choose_provider("openai", None, OPENAI, Config())
    session = SessionSettings(voice="cedar", instructions="Be brief.").to_json(chosen)
    assert session["audio"]["output"]["voice"] == "cedar"
    assert session["instructions"] == "Be brief."
    assert session["type"] == "realtime"
    assert session["output_modalities"] == ["audio"]


def test_the_configuration_file_and_the_environment_over_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\nopenai_api_key = "sk-file"\n[audio]\nbackend = "virtual"\n')
    config = load_config({"VOICE_CONFIG": str(path)})
    assert config.keys.openai_api_key == Secret("sk-file")
    assert config.audio.backend == "virtual"
    assert "sk-file" not in repr(config)
    over = load_config({"VOICE_CONFIG": str(path), "OPENAI_API_KEY": "sk-env"})
    assert over.keys == Keys(openai_api_key=Secret("sk-env"))


@pytest.mark.parametrize(
    "text",
    ["[keys", "[key]\n", "[keys]\nopenai_key = 'sk-secret'\n", "[keys]\nopenai_api_key = 7\n", "keys = 'sk-secret'"],
)
def test_a_wrong_configuration_is_named_and_none_of_its_values_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InvalidInputError) as refused:
        load_config({"VOICE_CONFIG": str(path)})
    assert str(path) in refused.value.message
    assert refused.value.fix
    assert "sk-secret" not in str(refused.value)


def test_a_missing_named_configuration_is_an_error_and_a_missing_default_is_not(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as refused:
        load_config({"VOICE_CONFIG": str(tmp_path / "none.toml")})
    assert "VOICE_CONFIG" in refused.value.fix
    assert shown_url("wss://a/?x=1&api_key=2") == "wss://a/?x=1&api_key=***"
