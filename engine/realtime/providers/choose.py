"""Choice of the provider a session talks to, its address and its key, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from engine.config import Config, Keys
from engine.errors import AccessRefusedError, InvalidInputError, choices
from engine.realtime.providers.catalog import CUSTOM, LOCAL, OPENAI, PROVIDERS, YANDEX, Auth, Provider, ServerTool
from engine.redaction import Scrubber, Secret, secrets_of_url, shown_url

__all__ = ["CUSTOM", "LOCAL", "OPENAI", "PROVIDERS", "YANDEX", "ChosenProvider", "Provider", "choose_provider"]


_PATH = "/v1/realtime"
"""That of all compatible servers, for an address that names none."""


@dataclass(frozen=True, slots=True)
class ChosenProvider:
    """A provider with its address and keys filled in. No text made of it contains a secret."""

    provider: Provider
    url: str = field(repr=False)
    """Empty while the address is not known yet (`local`): see `at_url`. May carry credentials: show `shown_url`."""
    headers: Mapping[str, Secret]
    model: str
    reason: str
    """One sentence for the person: why this provider."""
    server_tools: tuple[ServerTool, ...] = ()
    other_secrets: tuple[str, ...] = field(default=(), repr=False)
    """Other secrets that no text may show, such as tokens for MCP servers."""
    insecure: bool = False
    """Whether the person allows ws:// to another machine, where everybody on the way can read along."""

    @property
    def shown_url(self) -> str:
        """The address without anything secret."""
        return shown_url(self.url)

    @property
    def scrubber(self) -> Scrubber:
        """A scrubber that blanks the secrets out of foreign texts."""
        values = [header.reveal() for header in self.headers.values()]
        bare = [value.partition(" ")[2] for value in values]
        return Scrubber([*values, *bare, *secrets_of_url(self.url), *self.other_secrets])

    @property
    def model_advice(self) -> str:
        """Advice that names the current models and how to choose one; empty for an unknown server."""
        if not self.provider.url_template:
            return ""
        models = ", ".join(self.provider.models)
        return f"Current models of {self.provider.title} are {models}: choose one with `model=`."

    def require_encryption(self) -> None:
        """Refuse to send a voice, and maybe a key, in the clear over a network.

        Raises:
            InvalidInputError: the address is ws:// on another machine, and the person has not allowed it.
        """
        if urlsplit(self.url).scheme == "ws" and not self.insecure and not is_this_machine(self.url):
            raise InvalidInputError(
                f"{self.shown_url} is another machine, and ws:// encrypts nothing that is sent there.",
                fix="Use wss://, or allow it with `insecure=`.",
            )

    def with_output_rate(self, rate_hz: int | None) -> ChosenProvider:
        """Return the same with answers that are asked for and played at another rate; None changes nothing."""
        return self if rate_hz is None else replace(self, provider=replace(self.provider, output_rate_hz=rate_hz))

    def at_url(self, url: str) -> ChosenProvider:
        """Return the same at another address; a user and password in it take the place of the key.

        Raises:
            InvalidInputError: this is no address of a WebSocket.
        """
        url = _checked_url(url)
        headers = {} if urlsplit(url).username else self.headers
        return replace(self, url=url, headers=headers)


def is_this_machine(url: str) -> bool:
    """Whether an address is this machine's own, which no network and no proxy of the environment stands before."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def choose_provider(
    name: str | None, url: str | None, environ: Mapping[str, str], config: Config, model: str | None = None
) -> ChosenProvider:
    """Choose by name, by address, or by the keys that are set.

    Without a name and an address: the configuration's, else Yandex where its key and folder are set, else OpenAI where
    its key is, else the embedded server. With both, the named provider's protocol and key go to that address.

    Args:
        name: `yandex`, `openai`, `local`, `custom` or None.
        url: A ws:// or wss:// address or None.
        environ: Environment variables, which win over `config`.
        config: The configuration file's values.
        model: A model of the provider; None takes its first, or the one in the address.

    Raises:
        InvalidInputError: an unknown name, an address that is none, or a model where there is no choice.
        AccessRefusedError: the named provider's key is not set; the message names the variables.
    """
    keys = config.overridden_by(environ).keys
    reason = "chosen by name"
    if name is None and url is None and (config.session.provider or config.session.url):
        name, url = config.session.provider, config.session.url
        model = model or config.session.model
        reason = "the configuration names it"
    if name is not None and name not in PROVIDERS:
        whence = " [session] in the configuration names it." if name == config.session.provider else ""
        raise InvalidInputError(f"There is no provider '{name}'.", fix=f"{choices(name, PROVIDERS)}{whence}")
    if url is not None:
        given = reason if config.session.url == url else "the address was given"
        chosen = _fill_in(PROVIDERS[name or CUSTOM.name], keys, given, model).at_url(url)
        return chosen if model is None else replace(chosen, url=_with_model(chosen.url, chosen.model))
    if name is not None:
        if name == CUSTOM.name:
            raise InvalidInputError("The provider 'custom' needs an address.", fix="Give it with `url=`.")
        return _fill_in(PROVIDERS[name], keys, reason, model)
    return _by_keys(keys, model)


def _by_keys(keys: Keys, model: str | None) -> ChosenProvider:
    has_yandex_key = keys.yandex_api_key or keys.yandex_iam_token
    if has_yandex_key and keys.yandex_folder_id:
        return _fill_in(YANDEX, keys, "the Yandex key and folder are set", model)
    if keys.openai_api_key:
        return _fill_in(OPENAI, keys, "only an OpenAI key is set", model)
    if has_yandex_key:
        missing = "a Yandex key is set, but YANDEX_CLOUD_FOLDER_ID is not"
    elif keys.yandex_folder_id:
        missing = "a Yandex folder is set, but YANDEX_CLOUD_API_KEY is not"
    else:
        missing = "no key is set"
    return _fill_in(LOCAL, keys, f"{missing}, so the embedded server on this machine answers", model)


def _fill_in(provider: Provider, keys: Keys, reason: str, model: str | None) -> ChosenProvider:
    if provider is LOCAL and model is not None:
        raise InvalidInputError(
            "The embedded server has only one model.",
            fix="Leave `model=` out, or choose another provider with `provider=`.",
        )
    headers = _headers(provider, keys)
    model = model or next(iter(provider.models), "")
    if "://" not in model:
        folder = quote(keys.yandex_folder_id or "", safe="")
        model = provider.model_template.format(folder=folder, model=model)
    return ChosenProvider(
        provider=provider,
        url=provider.url_template.format(model=quote(model, safe=":/%")),
        headers=headers,
        model=model,
        reason=reason,
        server_tools=_server_tools(provider, keys),
    )


def _headers(provider: Provider, keys: Keys) -> dict[str, Secret]:
    """The Authorization header of the provider.

    Raises:
        AccessRefusedError: a variable of the provider is not set, or its value cannot be a key.
    """
    match provider.auth:
        case Auth.NONE:
            return {}
        case Auth.OPTIONAL_BEARER:
            return _authorization("Bearer", keys.voice_api_key) if keys.voice_api_key else {}
        case Auth.BEARER if keys.openai_api_key:
            return _authorization("Bearer", keys.openai_api_key)
        case Auth.YANDEX if keys.yandex_folder_id and keys.yandex_api_key:
            return _authorization("Api-Key", keys.yandex_api_key)
        case Auth.YANDEX if keys.yandex_folder_id and keys.yandex_iam_token:
            return _authorization("Bearer", keys.yandex_iam_token)
    if provider.auth is Auth.YANDEX and (keys.yandex_api_key or keys.yandex_iam_token):
        raise AccessRefusedError(
            f"{provider.title} needs a folder as well as the key.",
            fix="Set YANDEX_CLOUD_FOLDER_ID in the environment or the configuration file.",
        )
    alternative = " (or YANDEX_CLOUD_IAM_TOKEN in place of the key)" if provider.auth is Auth.YANDEX else ""
    raise AccessRefusedError(
        f"{provider.title} needs a key, and none is set.",
        fix=f"Set {' and '.join(provider.variables)}{alternative} in the environment or the configuration file.",
    )


def _authorization(scheme: str, key: Secret) -> dict[str, Secret]:
    value = key.reveal()
    if not (value.isascii() and value.isprintable()):
        raise AccessRefusedError(
            "The key contains characters that do not belong in a key.",
            fix="Copy it again, without line breaks or quotes.",
        )
    return {"Authorization": Secret(f"{scheme} {value}")}


def _server_tools(provider: Provider, keys: Keys) -> tuple[ServerTool, ...]:
    """`file_search` needs the id of the index to search, as its description: without one it is not offered."""
    if not provider.search_tools:
        return ()
    tools = [ServerTool("web_search", "Ищет ответ в интернете.")]
    if keys.vector_store_id:
        tools.append(ServerTool("file_search", keys.vector_store_id))
    return tuple(tools)


def _with_model(url: str, model: str) -> str:
    parts = urlsplit(url)
    query = [*((name, value) for name, value in parse_qsl(parts.query) if name != "model"), ("model", model)]
    return parts._replace(query=urlencode(query, safe=":/")).geturl()


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise InvalidInputError(
            f"'{shown_url(url)}' is not the address of a Realtime server.", fix="Use ws://... or wss://..."
        )
    return url if parts.path else parts._replace(path=_PATH).geturl()
