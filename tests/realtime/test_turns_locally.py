"""Turns with the embedded server's own ears: what is said with a key held, and a mute in the middle of speech."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray

from backends.virtual import VirtualBackend
from backends.virtual_microphone import FedMicrophone
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.config import Config
from engine.config_tables import TurnMode, TurnOptions
from engine.dsp.pcm16 import pcm16_to_float32
from engine.local.process import LocalServer
from engine.realtime.providers.choose import choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import AgentText, SessionEvent, Summary, UserSpeech, UserTranscript
from engine.realtime.tools.runner import ToolRunner
from tests.support.speech import speech

RATE_HZ = 16000
PATIENCE_S = 30.0


class Heard:
    """The events of a session, and a way to wait for one."""

    def __init__(self) -> None:
        self.session_events: list[SessionEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: SessionEvent, _: float) -> None:
        """Take one."""
        self.session_events.append(event)
        self._changed.set()

    async def until(self, condition: Callable[[list[SessionEvent]], bool]) -> None:
        """Wait until the session events are so."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition(self.session_events):
                self._changed.clear()
                await self._changed.wait()

    def texts(self, kind: type[UserTranscript] | type[AgentText]) -> list[str]:
        """What was said."""
        return [event.text for event in self.session_events if isinstance(event, kind)]


@asynccontextmanager
async def talking(settings: SessionSettings, microphone: FedMicrophone, heard: Heard) -> AsyncIterator[RealtimeSession]:
    """A session with the embedded server in real time, without devices."""
    async with LocalServer() as server:
        chosen = choose_provider("local", server.url, {}, Config())
        backend = VirtualBackend(microphone=microphone)
        audio = SessionAudio(backend, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
        session = RealtimeSession(chosen, audio, ToolRunner([]), settings, [heard])
        running: asyncio.Future[Summary] = asyncio.ensure_future(session.run())
        try:
            yield session
        finally:
            session.stop("the test is over")
            await running


class Listening(FedMicrophone):
    """Tells when everything that was fed has been taken."""

    def __init__(self) -> None:
        super().__init__(RATE_HZ)
        self._loop = asyncio.get_running_loop()
        self._left = 0
        self.said = asyncio.Event()

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Say more."""
        self.said.clear()
        self._left += samples.size
        super().feed(samples)

    def read(self, frames: int) -> NDArray[np.float32]:
        """Take the next frames."""
        if self._left > 0:
            self._left -= frames
            if self._left <= 0:
                self._loop.call_soon_threadsafe(self.said.set)
        return super().read(frames)


async def test_only_what_is_said_with_the_key_held_is_understood_and_answered() -> None:
    microphone, heard = Listening(), Heard()
    async with talking(SessionSettings(turns=TurnOptions(TurnMode.NONE)), microphone, heard) as session:
        await heard.until(bool)
        microphone.feed(pcm16_to_float32(speech("tell me a story", RATE_HZ)))
        await microphone.said.wait()
        session.talk()
        microphone.feed(pcm16_to_float32(speech("what is seven times eight", RATE_HZ)))
        await microphone.said.wait()
        session.talk(False)
        await heard.until(lambda _: bool(heard.texts(AgentText)))
    assert [text.lower() for text in heard.texts(UserTranscript)] == ["what is seven times eight"]
    assert "56" in heard.texts(AgentText)[0]


async def test_a_mute_in_the_middle_of_speech_lets_the_turn_end() -> None:
    microphone, heard = Listening(), Heard()
    async with talking(SessionSettings(), microphone, heard) as session:
        await heard.until(bool)
        for _ in range(4):
            microphone.feed(pcm16_to_float32(speech("what is seven times eight", RATE_HZ)))
        await heard.until(lambda session_events: UserSpeech(started=True) in session_events)
        session.mute()
        await heard.until(lambda session_events: UserSpeech(started=False) in session_events)
        assert not microphone.said.is_set()
        await microphone.said.wait()
    assert heard.session_events.count(UserSpeech(started=True)) == 1
