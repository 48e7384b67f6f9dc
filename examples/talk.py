"""Talk with an agent: `python examples/talk.py`. Without a key in the environment the built-in one answers."""

import asyncio
from typing import Any

import engine as voice


async def talk(**options: Any) -> voice.Summary | None:
    """Hold a conversation, and print what both say."""
    async with voice.Session(**options) as session:
        async for event in session:
            match event:
                case voice.UserTranscript(text):
                    print(f"You:   {text}")
                case voice.AgentText(text):
                    print(f"Agent: {text}")
                case voice.BargeIn(heard_ms):
                    print(f"       (interrupted after {heard_ms / 1000:.1f} s)")
                case voice.ErrorShown(message):
                    print(f"Error: {message}")
    return session.summary


if __name__ == "__main__":
    asyncio.run(talk())
