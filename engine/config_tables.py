"""Tables of the configuration file that say what the agent may do, what it costs, and how turns are found.

    [tools]
    enabled = ["lights"]              # names of built-in or installed tools, or MODULE:OBJECT
    disabled = ["get_weather"]
    weather = "open-meteo"            # or "demo", the default
    approve = ["calendar"]            # remote servers whose calls need no question; "all"
    env = { LAMP_KEY = "${LAMP_KEY}" } # for the process of the tools, which inherits no key
    memory_mb = 512                   # the most it may take, and
    nice = 5                          # its priority, where the system has them

    [mcp.files]                       # started by us, its tools called by us
    command = "npx"
    args = ["-y", "@modelcontextprotocol/server-filesystem", "."]
    env = { TOKEN = "${MY_TOKEN}" }

    [mcp.search]
    url = "https://example.org/mcp"
    headers = { Authorization = "Bearer ${SEARCH_TOKEN}" }

    [remote_mcp.calendar]             # called by the service itself
    url = "https://example.org/mcp"
    authorization = "${CALENDAR_TOKEN}"

    [prices."gpt-realtime-2.1"]       # in place of ours for this model
    currency = "USD"
    audio_input = 32.0                # of a million tokens, as all but those of a `minute`
    cached_audio_input = 0.4
    audio_output = 64.0

    [turns]                           # the options of a session win over these
    mode = "semantic_vad"             # or "server_vad", "none"
    eagerness = "low"                 # of semantic_vad
    silence_duration_ms = 600         # of server_vad, as threshold, prefix_padding_ms and idle_timeout_ms

    [processing]                      # of the microphone; the options of a session win over these
    echo = "off"                      # or "auto", the default, "on", "half-duplex"
    noise_suppression = "high"        # or "off", "low", "medium"
    agc = true
    processors = ["noise_gate:open_db=-50"]

    [recording]                       # of the conversations that a person holds
    keep = "ask"                      # or "always", "text" (without the sound), "never", the default
    folder = "~/conversations"        # by default in the system's folder for data
    days = 30                         # older ones are removed

    [screen]
    lang = "ru"                       # or "en"; by default the system's language

`${NAME}` in a value is the environment variable of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Annotated, Any, Literal


@dataclass(frozen=True)
class As:
    """The values that a key may have, and the words for them that complete "it must be ..."."""

    words: str
    kinds: tuple[type, ...]
    holds: Callable[[Any], object] = lambda _: True
    convert: Callable[[Any], Any] = lambda value: value

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> Any:
        from pydantic_core import core_schema  # noqa: PLC0415 - needed no sooner than there is something to read

        return core_schema.no_info_plain_validator_function(self._converted)

    def _converted(self, value: Any) -> Any:
        if type(value) not in self.kinds or not self.holds(value):
            raise ValueError(self.words)
        return self.convert(value)


def _number(words: str, low: float, high: float, kind: type[float] = float) -> As:
    return As(words, tuple({int, kind}), lambda value: low <= value <= high, kind)


_Text = Annotated[str, As("a string", (str,))]
_Filled = Annotated[str, As("a string", (str,), str.strip)]
_Texts = Annotated[
    tuple[str, ...], As("a list of strings", (list,), lambda texts: all(type(text) is str for text in texts), tuple)
]
_Url = Annotated[str, As("an address with http:// or https://", (str,), re.compile(r"https?://[^\s/]+").match)]
_Bool = Annotated[bool, As("true or false", (bool,))]
_Seconds = Annotated[float, _number("a number of seconds from 0.001 to 3600", 0.001, 3600)]
_Price = Annotated[float, _number("a price, 0 or more", 0, 1e12)]
McpName = Annotated[str, As("1 to 32 letters, digits, - and _", (str,), re.compile(r"[A-Za-z0-9_-]{1,32}").fullmatch)]


def _with_tokens(*values: str) -> Iterator[str]:
    """Yield secrets, and the bare tokens of those that begin with a scheme such as "Bearer"."""
    for value in values:
        yield value
        yield value.rpartition(" ")[2]


@dataclass(frozen=True, slots=True)
class OpenMeteoUrls:
    """Addresses that the weather is asked from: a server of one's own, or the service for customers."""

    geocoding_url: _Url = "https://geocoding-api.open-meteo.com/v1/search"
    forecast_url: _Url = "https://api.open-meteo.com/v1/forecast"


@dataclass(frozen=True, slots=True)
class Offer:
    """`[tools]`."""

    enabled: _Texts = ()
    disabled: _Texts = ()
    weather: Literal["demo", "open-meteo"] = "demo"
    open_meteo: OpenMeteoUrls = field(default_factory=OpenMeteoUrls)
    approve: _Texts = ()
    env: dict[str, _Text] = field(default_factory=dict, repr=False)
    memory_mb: Annotated[int, _number("a whole number from 64 to 1048576", 64, 1 << 20, int)] | None = None
    nice: Annotated[int, _number("a whole number from 0 to 19", 0, 19, int)] = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """`[mcp.NAME]`: a command that is started and spoken with through its standard input and output, or an address."""

    command: _Text = ""
    args: _Texts = field(default=(), repr=False)
    env: dict[str, _Text] = field(default_factory=dict, repr=False)
    cwd: _Text | None = None
    url: _Url | None = field(default=None, repr=False)
    headers: dict[str, _Text] = field(default_factory=dict, repr=False)
    tools: _Texts | None = None
    """Only these are offered; None: all."""
    timeout_s: _Seconds = 30.0
    """For one call."""
    start_timeout_s: _Seconds = 10.0
    on_interrupt: Literal["cancel", "finish", "shield"] = "finish"

    def __post_init__(self) -> None:
        if bool(self.command) == bool(self.url):
            raise ValueError("given either a command or a url")

    @property
    def secrets(self) -> Iterator[str]:
        """Secrets that no text may show: all values of the environment and the headers, and their bare tokens."""
        return _with_tokens(*self.env.values(), *self.headers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMcp:
    """`[remote_mcp.NAME]`: an MCP server, or a connector of the service, whose tools the service calls itself."""

    url: _Url | None = field(default=None, repr=False)
    connector: _Text | None = None
    authorization: _Text | None = field(default=None, repr=False)
    headers: dict[str, _Text] = field(default_factory=dict, repr=False)
    description: _Text | None = None
    tools: _Texts | None = None
    approval: Literal["always", "never"] = "always"
    """Whether the service asks before each call; `[tools] approve` answers for the person."""

    def __post_init__(self) -> None:
        if bool(self.connector) == bool(self.url):
            raise ValueError("given either a url or a connector")

    @property
    def secrets(self) -> Iterator[str]:
        """Secrets that no text may show."""
        return _with_tokens(self.authorization or "", *self.headers.values())

    def to_json(self, name: str) -> dict[str, Any]:
        """Return the declaration in a session.update."""
        wished = {
            "server_url": self.url,
            "connector_id": self.connector,
            "authorization": self.authorization,
            "headers": self.headers or None,
            "server_description": self.description,
            "allowed_tools": None if self.tools is None else list(self.tools),
        }
        given = {key: value for key, value in wished.items() if value is not None}
        return {"type": "mcp", "server_label": name, **given, "require_approval": self.approval}


@dataclass(frozen=True, slots=True)
class Prices:
    """`[prices.MODEL]`: one model's prices, of a million tokens each; what is None is not known, which is not free."""

    currency: _Filled = "USD"
    text_input: _Price | None = None
    cached_text_input: _Price | None = None
    audio_input: _Price | None = None
    cached_audio_input: _Price | None = None
    image_input: _Price | None = None
    cached_image_input: _Price | None = None
    text_output: _Price | None = None
    audio_output: _Price | None = None
    minute: _Price | None = None
    """Price of speech that is transcribed, for models that are paid by time."""
    audio_input_minute: _Price | None = None
    """Price of what the microphone sends, silence included, in a conversation paid by time: its tokens are of text."""
    audio_output_minute: _Price | None = None
    """The same of the answers."""
    source: _Filled = "the configuration"
    """Their source, and the date when they were read there."""
    estimated: _Bool = False
    """True where one source alone, and not the service itself, names the prices."""


class TurnMode(StrEnum):
    """The protocol's names of the ways; services offer some of them."""

    SERVER_VAD = "server_vad"
    """A silence ends the turn."""
    SEMANTIC_VAD = "semantic_vad"
    """A model judges whether the sentence is over."""
    NONE = "none"
    """The client commits: push-to-talk."""


class Interrupter(StrEnum):
    """Voice activity detection that interrupts an answer."""

    SERVER = "server"
    """The server's alone: nothing happens until its word has come."""
    LOCAL = "local"
    """Ours: it turns the answer down and stops it, also where the server does not; the server may still be first."""
    BOTH = "both"
    """Ours turns the answer down, the server's stops it."""


class Eagerness(StrEnum):
    """Readiness of `semantic_vad` to take a pause for the end of a turn."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """`[turns]`, and what the person wants of turns; None takes the service's own."""

    mode: TurnMode | None = None
    eagerness: Eagerness | None = None
    threshold: Annotated[float, _number("a number from 0 to 1", 0, 1)] | None = None
    silence_duration_ms: Annotated[int, _number("a whole number from 0 to 10000", 0, 10_000, int)] | None = None
    prefix_padding_ms: Annotated[int, _number("a whole number from 0 to 5000", 0, 5000, int)] | None = None
    idle_timeout_ms: Annotated[int, _number("a whole number from 1000 to 86400000", 1000, 86_400_000, int)] | None = (
        None
    )

    def over(self, configured: TurnOptions) -> TurnOptions:
        """Return these, and where they say nothing, the configuration's, unless they name another mode.

        Example:
            >>> TurnOptions(threshold=0.7).over(TurnOptions(silence_duration_ms=600)).silence_duration_ms
            600
        """
        if self.mode not in (None, configured.mode):
            return self
        own = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return replace(configured, **{name: value for name, value in own.items() if value is not None})


class Echo(StrEnum):
    """Handling of the speaker's sound in the microphone."""

    AUTO = "auto"
    """Cancelled wherever the microphone could hear the speaker."""
    ON = "on"
    """Cancelled."""
    OFF = "off"
    """Left in."""
    HALF_DUPLEX = "half-duplex"
    """The microphone is silent while the agent sounds."""


class NoiseSuppression(StrEnum):
    """Strength of the noise suppression."""

    OFF = "off"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Keep(StrEnum):
    """Conversations that are kept, and how much of them."""

    ALWAYS = "always"
    TEXT = "text"
    """All, without their sound."""
    ASK = "ask"
    """Those for which the person says so at the end."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """`[recording]`."""

    keep: Keep = Keep.NEVER
    folder: _Filled | None = None
    days: Annotated[int, _number("a whole number from 1 to 100000", 1, 100_000, int)] | None = None
    """None: they stay until they are deleted."""


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """`[screen]`."""

    lang: Literal["en", "ru"] | None = None
    """Language of the command line; None: that of the system."""


@dataclass(frozen=True, slots=True)
class ProcessingOptions:
    """`[processing]`, and what the person wants done to the microphone; None takes the default."""

    echo: Echo | None = None
    """By default `auto`."""
    noise_suppression: NoiseSuppression | None = None
    """By default `low` where echo is cancelled, and else `off`."""
    agc: _Bool | None = None
    """Automatic gain control; by default off."""
    processors: _Texts | None = None
    """`NAME[:key=value[,key=value]]` of processors behind the echo canceller, in order."""
