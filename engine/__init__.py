"""A voice agent, and the audio engine under it, for programs of your own.

    import engine as voice

    async with voice.Session(provider="local", tools=[set_light]) as session:
        async for event in session:
            print(event)

`Session` takes what `SessionOptions` lists, and tells what happens in session events, such as `AgentText`. Beside it:
`tool` says how a function is to be called, `list_devices` what there is, `open_port` opens a microphone or a speaker
without a conversation, and `warm_up` compiles the audio kernels before they are needed. Whatever fails raises a
`VoiceError` of one kind; a mistake of the calling program, such as an unknown argument, raises what Python raises for
it. Nothing is imported before it is used, and nothing of the process is changed: no signal handlers, no import path,
no standard error.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors; `from X import A as A` exports
    # isort: off
    from engine.api.devices import list_devices as list_devices, warm_up as warm_up
    from engine.api.options import SessionOptions as SessionOptions
    from engine.api.port import Block as Block, OpenPort as OpenPort, open_port as open_port
    from engine.api.session import Session as Session
    from engine.audio.processing.protocol import Processor as Processor
    from engine.audio.types import Device as Device, Direction as Direction, StreamInfo as StreamInfo
    from engine.audio.types import StreamRequest as StreamRequest, StreamSide as StreamSide
    from engine.config import Config as Config
    from engine.errors import *  # noqa: F403
    from engine.config_tables import Eagerness as Eagerness, Echo as Echo, Interrupter as Interrupter
    from engine.config_tables import NoiseSuppression as NoiseSuppression, TurnMode as TurnMode
    from engine.realtime.session_events import *  # noqa: F403
    from engine.realtime.tools.tool import OnInterrupt as OnInterrupt, Tool as Tool, ToolError as ToolError
    from engine.realtime.tools.tool import tool as tool
    # isort: on

_NAMES = {
    "engine.api.devices": "list_devices warm_up",
    "engine.api.options": "SessionOptions",
    "engine.api.port": "Block OpenPort open_port",
    "engine.api.session": "Session",
    "engine.audio.processing.protocol": "Processor",
    "engine.audio.types": "Device Direction StreamInfo StreamRequest StreamSide",
    "engine.config": "Config",
    "engine.errors": """
        AccessRefusedError ConnectionFailedError DeviceBusyError InvalidInputError LibraryMissingError ModelRefusedError
        NoDeviceError NoSoundCardError NotOpenError PermissionDeniedError PortAudioMissingError ProtocolBrokenError
        RestartNeededError ScriptFailedError SessionClosedError StreamLostError UnknownDeviceError
        UnsupportedFormatError VoiceError
    """,
    "engine.config_tables": "Eagerness Echo Interrupter NoiseSuppression TurnMode",
    "engine.realtime.session_events": """
        AgentText AgentTextCut AgentTextDelta AnswerDropped ApprovalAsked ApprovalGiven BargeIn DeviceFound
        DeviceLost Duck ErrorShown FirstAudio Lacking McpServerChanged Muted OutputRate PartChosen Reconnected
        Reconnecting RemoteCall RemoteTools ResponseEnded ResponseStarted ResponseUsage SessionEvent
        SessionStarted Summary ToolCalled ToolReturned ToolsAwaited TranscriptionUsage Unduck UsageTotal
        UserSpeech UserTranscript UserTranscriptDelta UserTyped Xrun
    """,
    "engine.realtime.tools.tool": "OnInterrupt Tool ToolError tool",
}
"""Public names of each module, separated by spaces."""
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = [*_HOMES]  # noqa: PLE0604 - the names are read from the table


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
