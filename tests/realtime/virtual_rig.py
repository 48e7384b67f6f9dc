"""A session in virtual time against a scripted double: what the tests of reconnecting need."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.errors import VoiceError
from engine.realtime.connection.transport import Transport
from engine.realtime.providers.choose import ChosenProvider, choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import Observer, SessionEvent, Summary
from engine.realtime.testing import Peer, ServerDouble, VirtualDevices, run_virtual
from engine.realtime.testing.double import Script
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool

WIRE_HZ = 24000
_Kind = TypeVar("_Kind", bound=SessionEvent)


@dataclass
class Held:
    """What came of a session."""

    peers: list[Peer]
    devices: VirtualDevices
    session_events: list[tuple[float, SessionEvent]] = field(default_factory=list)
    """With their times, from the start of the session."""
    error: VoiceError | None = None
    attempts: int = 0

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """Every session event of a kind."""
        return [event for _, event in self.session_events if isinstance(event, kind)]

    def times_of(self, kind: type[SessionEvent]) -> list[float]:
        """When they came, in seconds."""
        return [at_s for at_s, event in self.session_events if isinstance(event, kind)]

    @property
    def summary(self) -> Summary:
        """The last session event."""
        return self.of(Summary)[-1]


def tone(seconds: float) -> bytes:
    """PCM16 of a sine at the wire's rate."""
    return (8000 * np.sin(np.arange(round(seconds * WIRE_HZ)) / 5)).astype("<i2").tobytes()


def chosen_for(provider: str = "custom") -> ChosenProvider:
    """A provider with keys that nobody has."""
    keys = {"YANDEX_CLOUD_API_KEY": "AQVN-test", "YANDEX_CLOUD_FOLDER_ID": "f", "OPENAI_API_KEY": "sk-test"}
    return choose_provider(provider, "ws://double/", keys, Config())


def hold(
    *scripts: Script,
    then: Script | None = None,
    duration_s: float = 30.0,
    provider: str = "custom",
    tools: Sequence[Tool] = (),
    max_outage_s: float = 2.0,
    ignoring: Sequence[str] = (),
    session_limit_s: float | None = None,
    redial_s: float = 0.0,
    settings: SessionSettings | None = None,
    drive: Callable[[RealtimeSession, VirtualDevices], Awaitable[None]] | None = None,
    observers: Sequence[Observer] = (),
) -> Held:
    """Hold a session to its end, in virtual time; every connection but the first takes `redial_s`."""
    devices = VirtualDevices()

    async def main() -> Held:
        chosen = chosen_for(provider)
        service = replace(chosen.provider, session_limit_s=session_limit_s)
        chosen = replace(chosen, provider=service)
        audio = SessionAudio(
            devices, StreamRequest(), input_rate_hz=service.input_rate_hz, output_rate_hz=service.output_rate_hz
        )
        with ServerDouble(*scripts, then=then, ignoring=ignoring) as server:
            held = Held(server.peers, devices)

            async def connect(chosen: ChosenProvider) -> Transport:
                await asyncio.sleep(redial_s if server.attempts else 0.0)
                return await server.connect(chosen)

            began_s = asyncio.get_running_loop().time()
            session = RealtimeSession(
                chosen,
                audio,
                ToolRunner(list(tools)),
                settings,
                observers=[*observers, lambda event, at_s: held.session_events.append((at_s - began_s, event))],
                connect=connect,
                max_outage_s=max_outage_s,
            )
            driving = asyncio.ensure_future(drive(session, devices)) if drive else None
            try:
                await session.run(duration_s=duration_s)
            except VoiceError as error:
                held.error = error
            if driving is not None:
                await driving
            held.attempts = server.attempts
            return held

    return run_virtual(main(), at_most_s=duration_s + 600)
