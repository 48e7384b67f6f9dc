"""An agent that calls functions of this program, asked in writing: `python examples/agent_with_tools.py`."""

import asyncio
from typing import Any

import engine as voice

SNOW_CM = {"Moscow": 12, "Paris": 0}


@voice.tool(timeout_s=5)
async def get_weather(city: str) -> dict[str, int]:
    """Tell how much snow lies in a city.

    Args:
        city: Its name in English, such as "Moscow".
    """
    if city not in SNOW_CM:
        raise voice.ToolError(f"There is no gauge in {city}.")  # the agent is told these words
    return {"snow_cm": SNOW_CM[city]}


async def ask(question: str, **options: Any) -> str:
    """Ask one question, and return the answer to it once it has been spoken."""
    answer = ""
    async with voice.Session(tools=[get_weather], text=True, **options) as session:
        session.send_text(question)
        session.end_input()
        async for event in session:
            match event:
                case voice.ToolCalled(name, arguments):
                    print(f"{name}({arguments})")
                case voice.AgentText(text):
                    answer = text
    return answer


if __name__ == "__main__":
    print(asyncio.run(ask("What is the weather in Moscow?")))
