"""`voice setup`: asks for the service, its key and the devices, and keeps the answers in the configuration."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.completion import PROVIDERS
from cli.language.choice import Language
from cli.language.spoken import echo, speak, spoken_language, translated, word
from cli.options import BackendOption, MicrophoneOption, SpeakerOption, use_language
from cli.terminal.interrupts import INTERRUPTS
from cli.terminal.wrapping import wrapped
from engine.config_tables import Keep

if TYPE_CHECKING:
    from engine.config import Config

app = typer.Typer(add_completion=False)
_KEYS = {"yandex": "yandex_api_key", "openai": "openai_api_key", "custom": "voice_api_key"}
"""Names of the providers' keys under `[keys]`."""


@app.command()
def setup(
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="yandex, openai, local or custom.", autocompletion=PROVIDERS)
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Address of your own server (custom).")] = None,
    folder: Annotated[str | None, typer.Option(metavar="ID", help="ID of the folder in Yandex Cloud.")] = None,
    key_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File with the service's key; - for standard input.")
    ] = None,
    keyring: Annotated[
        bool | None,
        typer.Option(
            "--keyring/--no-keyring",
            help="Store the key in the system's keyring; default: if there is one.",
        ),
    ] = None,
    input: MicrophoneOption = None,  # noqa: A002 - the option's name
    output: SpeakerOption = None,
    backend: BackendOption = None,
    lang: Annotated[
        Language | None,
        typer.Option(metavar="CODE", callback=use_language, is_eager=True, help="Language of the texts: en or ru."),
    ] = None,
    keep: Annotated[
        Keep | None,
        typer.Option(metavar="WHEN", help="Save conversations on this machine: always, text (no sound), ask or never."),
    ] = None,
) -> None:
    """Set up the language, the service and its key, the devices and what is saved.

    Each question has a default. Options answer questions in advance;
    without a terminal they are the only answers. Run it again to change
    something: what you do not answer stays as it is.
    """
    from engine.config import load_config  # noqa: PLC0415
    from engine.config_file import in_profile, save_values  # noqa: PLC0415
    from engine.config_path import config_path  # noqa: PLC0415
    from engine.errors import InvalidInputError  # noqa: PLC0415

    asks = sys.stdin.isatty() and sys.stdout.isatty()
    given = {"session.provider": provider, "session.url": url, "keys.yandex_folder_id": folder}
    given |= {"audio.backend": backend, "audio.input": input, "audio.output": output, "recording.keep": keep}
    given["screen.lang"] = lang
    answers: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if not (asks or answers or key_file):
        raise InvalidInputError(
            "`voice setup` needs a terminal, or its answers as options.",
            fix="For example `voice setup --provider openai --key-file key.txt`.",
        )
    config = load_config(may_be_new=True)
    if input is not None or output is not None:
        from cli.devices.selection import require_devices  # noqa: PLC0415

        require_devices(backend, input, output)
    try:
        if asks and lang is None:
            answers["screen.lang"] = _choose("Language / Язык", list(Language), spoken_language())
            speak(answers["screen.lang"])
        if asks:
            _ask_service(answers, config)
        _take_key(answers, config, key_file, asks)
        if asks and not (input or output):
            _ask_devices(answers, backend)
        if asks and keep is None:
            answers["recording.keep"] = _choose("Save conversations on this machine", list(Keep), config.recording.keep)
    except (KeyboardInterrupt, typer.Abort) as left:
        echo("\nNothing was changed.")
        raise typer.Exit(INTERRUPTS.exit_code(left)) from None
    save_values(config_path(), {})  # what cannot be written leaves the keyring as it is, too
    _keep_in_ring(answers, keyring)
    save_values(config_path(), {in_profile(key): value for key, value in answers.items()})
    saved = f"Saved in {config_path()}. `voice run` talks with the agent, `voice config show` shows what is set."
    typer.echo(wrapped(translated(saved)))


def _ask_service(answers: dict[str, Any], config: Config) -> None:
    """Ask who answers, and where."""
    from engine.realtime.providers.choose import PROVIDERS  # noqa: PLC0415

    if "session.provider" not in answers:
        echo("Which service should answer?")
        for name, provider in PROVIDERS.items():
            typer.echo(f"  {name:<8} {translated(provider.title)}")
        answers["session.provider"] = _choose(
            word("Service"), list(PROVIDERS), config.session.provider or _likely(config)
        )
    if answers["session.provider"] == "custom" and "session.url" not in answers:
        answers["session.url"] = typer.prompt(translated("Address (wss://...)"), default=config.session.url)
    if answers["session.provider"] == "yandex" and "keys.yandex_folder_id" not in answers:
        answers["keys.yandex_folder_id"] = typer.prompt(
            translated("ID of the folder in Yandex Cloud"), default=config.keys.yandex_folder_id
        )


def _choose(question: str, words: list[str], default: str) -> str:
    """Ask until one of the words is the answer."""
    while True:
        answer = str(typer.prompt(f"{translated(question)} ({', '.join(words)})", default=str(default))).strip().lower()
        if answer in words:
            return answer


def _likely(config: Config) -> str:
    """The service that `voice run` would take."""
    from engine.realtime.providers.choose import choose_provider  # noqa: PLC0415

    return choose_provider(None, None, os.environ, config).provider.name


def _take_key(answers: dict[str, Any], config: Config, key_file: str | None, asks: bool) -> None:
    """Read the key, and refuse one that cannot be the service's."""
    from engine.errors import InvalidInputError  # noqa: PLC0415
    from engine.realtime.providers.choose import choose_provider  # noqa: PLC0415
    from engine.redaction import Secret  # noqa: PLC0415

    service = answers.get("session.provider") or config.session.provider or _likely(config)
    name = _KEYS.get(service)
    key = _read_key(key_file) if key_file else None
    if key is None and asks and name:
        kept = " (Enter keeps the one that is set)" if getattr(config.keys, name) else ""
        key = typer.prompt(
            translated("Key") + translated(kept), default="", show_default=False, hide_input=True
        ).strip()
    if key and name is None:
        raise InvalidInputError(f"The service '{service}' has no key.", fix="Leave the key out.")
    keys = replace(config.keys, yandex_folder_id=answers.get("keys.yandex_folder_id", config.keys.yandex_folder_id))
    if name and key:
        keyed: dict[str, Any] = {name: Secret(key)}
        keys = replace(keys, **keyed)
    url = answers.get("session.url", config.session.url)
    choose_provider(service, url, os.environ, replace(config, keys=keys))
    if key and name:
        answers[f"keys.{name}"] = key


def _keep_in_ring(answers: dict[str, Any], wanted: bool | None) -> None:
    """Move the key from the answers to the keyring, if there is one; nothing of it is kept before the last answer."""
    from engine.errors import InvalidInputError  # noqa: PLC0415
    from engine.key_ring import may_exist, store_key  # noqa: PLC0415
    from engine.redaction import Secret  # noqa: PLC0415

    name = next((name for name in _KEYS.values() if f"keys.{name}" in answers), None)
    if name is None or not (wanted or (wanted is None and may_exist(os.environ))):
        return
    try:
        store_key(name, Secret(answers[f"keys.{name}"]))
    except InvalidInputError as error:
        if wanted:
            raise
        kept = "The key is saved in the configuration file, which only you can read."
        typer.echo(wrapped(translated(f"{error.message} {kept}")), err=True)
    else:
        answers[f"keys.{name}"] = None


def _read_key(file: str) -> str:
    from engine.errors import InvalidInputError  # noqa: PLC0415
    from engine.files import expanded, read_bounded  # noqa: PLC0415

    try:
        text = sys.stdin.readline() if file == "-" else read_bounded(expanded(file), 64 * 1024)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InvalidInputError(f"The key file {file} cannot be read: {reason}.", fix="Name another.") from None
    if not text.strip():
        raise InvalidInputError("The key file is empty.", fix="Write the key into it.")
    return text.strip()


def _ask_devices(answers: dict[str, Any], backend: str | None) -> None:
    """Let the person choose microphone and speaker by ear and eye, and test them."""
    from cli.commands.devices_pick import choose_devices  # noqa: PLC0415
    from cli.commands.devices_test import test  # noqa: PLC0415
    from engine.errors import VoiceError  # noqa: PLC0415

    if not typer.confirm(translated("Choose the microphone and the speaker now?"), default=True):
        return
    try:
        try:
            chosen = choose_devices(backend)
        except typer.Abort:
            echo("The devices stay as they are.")
            return
        answers |= {f"audio.{key}": value for key, value in chosen.items()}
        if typer.confirm(translated("Test them, echo included? It plays a sweep."), default=True):
            test(chosen["input"], chosen["output"], chosen.get("backend"))
    except VoiceError as error:
        typer.echo(wrapped(translated(f"{error.message} {error.fix}")), err=True)
    except typer.Exit:
        echo("The test failed; `voice devices test` repeats it.", err=True)
