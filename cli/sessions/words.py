"""Words for what a kept conversation was: its name, its length, its cost, and who said something."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cli.language.spoken import word
from cli.view.lines import FOR_THE_MODEL, call_text, result_text
from engine.realtime.recording.story import Speaker, Story, Turn

NAMES = {Speaker.USER: word("You"), Speaker.AGENT: word("Agent"), Speaker.TOOL: word("Tool")}


def facts(story: Story) -> dict[str, Any]:
    """One conversation as a record: what a list says of it."""
    usage = story.last("usage")
    users = [turn for turn in story.turns if turn.speaker is Speaker.USER]
    return {
        "id": story.path.name,
        "began": str(story.head.get("began", "")),
        "duration_s": round(story.duration_s, 3),
        "provider": str(story.head.get("provider", "")),
        "model": str(story.head.get("model", "")),
        "turns": len(users),
        "cost": usage.get("cost"),
        "currency": str(usage.get("currency", "")),
        "sound": story.sound is not None,
        "words": (users or story.turns)[0].text if story.turns else "",
        "path": str(story.path),
    }


def local_time(began: str) -> str:
    """The day and the minute of a beginning, on the clocks of this machine; nothing where it is not known."""
    try:
        return f"{datetime.fromisoformat(began).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return ""


def clock(seconds: float) -> str:
    """A time as a person reads it.

    Example:
        >>> clock(65.4), clock(3725)
        ('1:05', '1:02:05')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def money(cost: Any, currency: str) -> str:
    """A cost, or nothing where it is not known."""
    return f"{cost:.4f} {currency}" if isinstance(cost, int | float) else ""


def done(turn: Turn) -> str:
    """The call of a tool, and what came of it."""
    call, result = call_text(turn.tool, turn.arguments), came(turn)
    return f"{call} {'failed' if turn.failed else 'returned'}: {result}" if result else call


def came(turn: Turn) -> str:
    """Outcome of a call, for a person; nothing where it was an order to the model."""
    return "" if turn.tool in FOR_THE_MODEL and not turn.failed else result_text(turn.text)
