"""The Realtime services as data: address, keys, wire rates and what a session asks of each by default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from engine.config_tables import TurnMode
from engine.realtime.providers.turn_detection import VAD_FIELDS, TurnDetection


class Auth(Enum):
    """Way in which a service wants its key."""

    NONE = "none"
    BEARER = "bearer"
    OPTIONAL_BEARER = "optional bearer"
    YANDEX = "yandex"
    """`Api-Key KEY`, or `Bearer IAM_TOKEN` where only a token is set."""


@dataclass(frozen=True, slots=True)
class ServerTool:
    """A tool with a reserved name that the server runs itself: it is declared and shown, never answered."""

    name: str
    description: str

    def to_json(self) -> dict[str, Any]:
        """Return the declaration of the tool in a session.update."""
        return {"type": "function", "name": self.name, "description": self.description, "parameters": {}}


_SILENCE = TurnDetection(threshold=0.5, silence_duration_ms=400)


@dataclass(frozen=True, slots=True)
class Provider:
    """One service. `{folder}` and `{model}` in the templates are filled in when the provider is chosen."""

    name: str
    title: str
    instructions: str
    auth: Auth
    variables: tuple[str, ...] = ()
    """Environment variables that must be set."""
    url_template: str = ""
    """Empty where the address is only known when the session starts."""
    model_template: str = "{model}"
    """The service's form of a model's name."""
    input_rate_hz: int = 24000
    """Wire rate of the microphone's audio."""
    output_rate_hz: int = 24000
    """Wire rate of the answers."""
    voice: str = ""
    """Empty leaves the voice to the server."""
    turn_detection: TurnDetection = _SILENCE
    """The turn detection that is asked for by default."""
    output_modalities: tuple[str, ...] = ("audio",)
    models: tuple[str, ...] = ()
    """The service's current models, the default first."""
    voices: tuple[str, ...] = ()
    """Voices that the service is known to have; empty where no list is kept."""
    turn_modes: tuple[TurnMode, ...] = tuple(TurnMode)
    """The ways it offers to find the ends of turns."""
    vad_fields: frozenset[str] = VAD_FIELDS
    """The settings of `server_vad` that it accepts."""
    block_ms: int = 20
    tools: tuple[str, ...] = ("get_weather", "get_time", "end_conversation")
    """Names of the built-in tools that are offered."""
    runs_mcp: bool = False
    """Whether the service calls the tools of remote MCP servers itself."""
    search_tools: bool = False
    """Whether the server runs `web_search`, and `file_search` over a vector store, itself."""
    interrupts_by_itself: bool = True
    """Whether the server ends a response when the user speaks; False where that is not documented: a
    `response.cancel` too many is answered with a harmless error, one too few lets the old answer run on."""
    declares_channels: bool = False
    """Whether the input format carries `channels`, which other services refuse as unknown."""
    session_type: str = "realtime"
    """`session.type` in session.update; empty leaves it out."""
    session_limit_s: float | None = None
    """Longest session the service allows; None where it does not say."""
    recap_heading: str = ""
    """First line of a recap, told as one text of the user, for a service that refuses the agent's words as items."""
    transcription_model: str = ""
    """Model that transcribes the user, where the service does so only when asked."""

    @property
    def subject(self) -> str:
        """The title where a sentence begins with it."""
        return f"{self.title[0].upper()}{self.title[1:]}"


_ENGLISH = (
    "You are a polite voice assistant. Answer briefly, in the language you are spoken to. "
    "If asked about the weather, call the function get_weather. "
)

YANDEX = Provider(
    name="yandex",
    title="Yandex AI Studio",
    url_template="wss://ai.api.cloud.yandex.net/v1/realtime?model={model}",
    model_template="gpt://{folder}/{model}",
    # The two of the tutorial, 250923 and 260528, are reported disabled since 2026-10-12.
    models=("speech-realtime-deepseek-v4-flash/latest", "speech-realtime-max-tts-live/latest"),
    auth=Auth.YANDEX,
    variables=("YANDEX_CLOUD_API_KEY", "YANDEX_CLOUD_FOLDER_ID"),
    output_rate_hz=44100,
    voice="dasha",
    instructions=(
        "Ты вежливый голосовой помощник. Говори по-русски, коротко и просто, как в живой беседе. "
        "Чтобы узнать новости, вызывай функцию web_search, а чтобы узнать погоду — get_weather. "
        "Если тебе доступна функция file_search, ищи с её помощью ответы на вопросы о документах пользователя."
    ),
    turn_modes=(TurnMode.SERVER_VAD,),
    vad_fields=frozenset({"threshold", "silence_duration_ms"}),
    output_modalities=("text", "audio"),
    search_tools=True,
    interrupts_by_itself=False,
    recap_heading=(
        "Связь прерывалась. Вот разговор до этого места; продолжай его и не отвечай на само это сообщение. "
        "User — пользователь, You — твои слова."
    ),
    declares_channels=True,
    session_type="",
    # Those of the tutorial; the others can be enabled.
    tools=("get_weather",),
)

OPENAI = Provider(
    name="openai",
    title="OpenAI",
    url_template="wss://api.openai.com/v1/realtime?model={model}",
    models=("gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-realtime-2", "gpt-realtime-1.5"),
    auth=Auth.BEARER,
    variables=("OPENAI_API_KEY",),
    voice="marin",
    voices=("marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse"),
    instructions=_ENGLISH,
    transcription_model="gpt-transcribe",
    runs_mcp=True,
    session_limit_s=3600,
)

LOCAL = Provider(
    name="local",
    title="the embedded server on this machine",
    models=("voice-local",),
    voices=("espeak",),
    auth=Auth.NONE,
    transcription_model="voice-local",
    instructions=_ENGLISH,
)

CUSTOM = Provider(
    name="custom",
    title="a Realtime server of your own",
    auth=Auth.OPTIONAL_BEARER,
    instructions=_ENGLISH,
    interrupts_by_itself=False,
    runs_mcp=True,
    # The name that compatible servers know, or take for their own model.
    transcription_model="whisper-1",
)

PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (YANDEX, OPENAI, LOCAL, CUSTOM)}
