"""A recorded session in virtual time against the scripted double: what tests of recordings and their makers need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.errors import VoiceError
from engine.realtime.audience import Audience
from engine.realtime.providers.choose import choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.recording.tap import Recording
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import SessionEvent, Summary
from engine.realtime.testing import ServerDouble, VirtualDevices, run_virtual
from engine.realtime.testing.double import Script
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool
from engine.redaction import secrets_of_environment


@dataclass
class Held:
    """What became of a session."""

    devices: VirtualDevices
    session_events: list[SessionEvent] = field(default_factory=list)
    error: VoiceError | None = None


def hold_recorded(
    folder: Path,
    *scripts: Script,
    provider: str = "custom",
    environ: Mapping[str, str] | None = None,
    tools: Sequence[Tool] = (),
    spoken: NDArray[np.float32] | None = None,
    settings: SessionSettings | None = None,
    meanwhile: Callable[[RealtimeSession], Any] | None = None,
    duration_s: float = 20.0,
    sound: bool = True,
) -> Held:
    """Hold a session and record it into a folder; `meanwhile` is a coroutine function that runs beside it."""

    async def main() -> Held:
        held = Held(VirtualDevices())
        if spoken is not None:
            held.devices.say(spoken)
        chosen = choose_provider(provider, "ws://double/v1/realtime", environ or {}, Config())
        chosen = replace(chosen, other_secrets=tuple(secrets_of_environment(environ or {})))
        service = chosen.provider
        audio = SessionAudio(
            held.devices,
            StreamRequest(),
            input_rate_hz=service.input_rate_hz,
            output_rate_hz=service.output_rate_hz,
            keep_played=True,
        )
        audience = Audience([lambda event, _: held.session_events.append(event)], chosen.scrubber)
        server = ServerDouble(
            *scripts, ignoring=["response.cancel", "conversation.item.truncate", "input_audio_buffer.clear"]
        )
        recording = Recording(folder, chosen, connect=server.connect, tell=audience.tell, sound=sound)

        async def close(_: Summary) -> None:
            await recording.aclose(audio)
            # What the writer's thread had to tell comes by the loop.
            await asyncio.sleep(0)

        session = RealtimeSession(
            chosen,
            audio,
            ToolRunner(list(tools)),
            settings,
            observers=audience,
            connect=recording.connect,
            make_conversation=recording.make_conversation,
            at_end=close,
        )
        aside = [asyncio.ensure_future(recording.follow(audio))]
        if meanwhile is not None:
            aside.append(asyncio.ensure_future(meanwhile(session)))
        try:
            await session.run(duration_s=duration_s)
        except VoiceError as error:
            held.error = error
        finally:
            for task in aside:
                task.cancel()
        return held

    return run_virtual(main())
