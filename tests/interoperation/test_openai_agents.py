"""OpenAI's agents library holds a whole conversation with `voice serve` through its realtime runner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from agents import function_tool, set_tracing_disabled
from agents.realtime import RealtimeAgent, RealtimeRunner, RealtimeSession

from tests.support.speech import speech

RATE_HZ = 24000
_PATIENCE_S = 30.0
_SECOND_CUT = "is already shorter than"


@function_tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"{city}: light snow"


class Talker:
    """The runner's session, with every event it gave."""

    def __init__(self, session: RealtimeSession) -> None:
        self.session = session
        self.events: list[Any] = []
        self._stream = session.__aiter__()

    async def until(self, kind: str) -> Any:
        """Return the next event of a type; an error fails the test.

        Unless it answers the library's second cut of one answer, some milliseconds after the first where the machine is
        busy: a service says the same.
        """
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                event = await anext(self._stream)
                self.events.append(event)
                assert event.type != "error" or _SECOND_CUT in str(event), event
                if event.type == kind:
                    return event

    async def until_said(self, text: str) -> None:
        """Wait until the agent's part of the history has a text."""
        while text not in self.said():
            await self.until("history_updated")

    def said(self) -> str:
        """What the agent has said, as the library keeps it."""
        histories = [event.history for event in self.events if event.type == "history_updated"]
        items = histories[-1] if histories else []
        parts = [part for item in items if getattr(item, "role", "") == "assistant" for part in item.content]
        return " ".join(getattr(part, "transcript", None) or "" for part in parts)

    async def say(self, text: str) -> None:
        """Speak, then be silent for a second."""
        said = np.concatenate([speech(text, RATE_HZ, "en-us+f3"), np.zeros(RATE_HZ, np.int16)])
        for start in range(0, said.size, RATE_HZ // 10):
            await self.session.send_audio(said[start : start + RATE_HZ // 10].astype("<i2").tobytes())

    def audio(self) -> bytes:
        """All sound so far."""
        return b"".join(event.audio.data for event in self.events if event.type == "audio")


@asynccontextmanager
async def talking(address: str) -> AsyncIterator[Talker]:
    """A session of the runner, with the settings it has of itself: PCM16, a semantic VAD, transcription."""
    set_tracing_disabled(True)
    agent = RealtimeAgent(name="Weatherman", instructions="Be brief.", tools=[get_weather])
    runner = RealtimeRunner(agent, config={"tracing_disabled": True})
    session = await runner.run(model_config={"url": f"{address}/realtime?model=any", "api_key": "none"})
    async with session:
        yield Talker(session)


async def test_a_whole_conversation(address: str) -> None:
    async with talking(address) as talker:
        await talker.say("what is the weather in moscow")
        ended = await talker.until("tool_end")
        assert (ended.tool.name, ended.output) == ("get_weather", "Moscow: light snow")
        await talker.until("audio_end")
        await talker.until_said("light snow")
        assert len(talker.audio()) > RATE_HZ
        assert np.abs(np.frombuffer(talker.audio(), "<i2")).max() > 1000

        await talker.session.send_message("Tell me a story")
        await talker.until("audio")
        await talker.say("what is seven times eight")
        interrupted = await talker.until("audio_interrupted")
        assert interrupted.item_id
        await talker.until_said("56")
        raw = [event.data for event in talker.events if event.type == "raw_model_event"]
        server = [event.data["type"] for event in raw if event.type == "raw_server_event"]
        assert "conversation.item.truncated" in server
        await talker.session.interrupt()
