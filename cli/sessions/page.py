"""The page of a conversation: both sides on one time line, the words below it, and the sound to play from anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from cli.errors import on_command_line
from cli.language.spoken import word
from cli.pages.template import filled
from cli.sessions.waves import Waves, waves_of
from cli.sessions.words import NAMES, came, clock, facts, local_time, money
from cli.terminal.sanitize import spoken
from cli.view.lines import call_text
from engine.realtime.recording.story import Speaker, Story

_STEPS_S = (1, 2, 5, 10, 15, 30, 60)
_SCREEN_S, _MOST_TICKS = 300.0, 7
"""Most of the time line that is seen at once, the rest is scrolled to; and as many ticks as a phone has room for."""
_MOST_MARKS = 2000
_APART_S = 3.0
"""Losses of sound that are no further apart are told together."""
_LEGEND = {
    "wait": "wait for an answer",
    "tool": word("tool"),
    "duck": "turned down",
    "cut": word("interrupted"),
    "xrun": "sound lost",
    "trouble": "device, connection or error",
}
"""Kinds of marks, as the style names them; a later one lies on top."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on the time line, in seconds of it."""

    kind: str
    at_s: float
    end_s: float
    text: str


def page(story: Story) -> str:
    """Write a conversation as HTML."""
    waves, note = _waves(story)
    seconds = max(waves.duration_s if waves else 0.0, story.duration_s, 1.0)
    screen_s = min(seconds, _SCREEN_S)
    step_s = next(step for step in _STEPS_S if screen_s / step <= _MOST_TICKS)
    marks = sorted(
        [*_marks_of_turns(story), *_marks_of_losses(story), *_marks_of_events(story)],
        key=lambda mark: [*_LEGEND].index(mark.kind),
    )
    marks = [mark for mark in marks if mark.at_s <= seconds][:_MOST_MARKS]
    notes = (mark for mark in marks if mark.kind in ("xrun", "trouble"))
    return filled(
        Path(__file__).with_name("page.html.j2"),
        spoken,
        one=facts(story),
        waves=waves,
        note=note,
        seconds=seconds,
        screen_s=screen_s,
        ticks=np.arange(0, seconds - 0.12 * screen_s, step_s),
        turns=story.turns,
        marks=marks,
        legend=_LEGEND,
        kinds=Counter(mark.kind for mark in marks),
        lines=sorted([*story.turns, *notes], key=lambda line: line.at_s),
        figures=_figures(story),
        names=NAMES,
        call=call_text,
        came=came,
        clock=clock,
        local_time=local_time,
    )


def _waves(story: Story) -> tuple[Waves | None, str]:
    """The sound, or a sentence on why there is none."""
    if story.sound is None:
        return None, "No sound was saved."
    try:
        return waves_of(story.sound), ""
    except soundfile.SoundFileError:
        return None, f"The sound {story.sound.name} cannot be read."


def _marks_of_turns(story: Story) -> Iterator[Mark]:
    for turn in story.turns:
        if turn.speaker is Speaker.TOOL:
            yield Mark("tool", turn.at_s, turn.end_s, call_text(turn.tool, turn.arguments))
        elif turn.latency_ms is not None:
            began_s = max(0.0, turn.at_s - turn.latency_ms / 1000)
            yield Mark("wait", began_s, turn.at_s, f"{turn.latency_ms:.0f} ms")


def _marks_of_losses(story: Story) -> Iterator[Mark]:
    """One mark for a run of losses: a row for each would bury the conversation."""
    for side in ("input", "output"):
        run: list[tuple[float, int]] = []
        for at_s, event in story.events:
            match event:
                case {"type": "xrun", "side": str(lost), "frames": int(frames)} if frames > 0 and lost == side:
                    if run and at_s - run[-1][0] > _APART_S:
                        yield _loss(run, side)
                        run = []
                    run.append((at_s, frames))
        if run:
            yield _loss(run, side)


def _loss(run: list[tuple[float, int]], side: str) -> Mark:
    began_s, ended_s, frames, times = run[0][0], run[-1][0], sum(lost for _, lost in run), len(run)
    what = f"{frames} frames of the {'microphone' if side == 'input' else 'speaker'} were lost"
    text = what if times == 1 else f"{what}: {times:d} times within {ended_s - began_s:.1f} s"
    return Mark("xrun", began_s, ended_s, text)


def _marks_of_events(story: Story) -> Iterator[Mark]:
    for at_s, event in story.events:
        for kind, lasted_ms, text in _mark(event):
            yield Mark(kind, max(0.0, at_s - lasted_ms / 1000), at_s, text)


def _mark(event: dict[str, Any]) -> Iterator[tuple[str, float, str]]:
    """The kind of the mark of an event that has one, how long it had lasted by then, and its words."""
    match event:
        case {"type": "barge_in", "heard_ms": int(heard_ms)}:
            yield "cut", 0, f"interrupted when {heard_ms / 1000:.2f} s was heard"
        case {"type": "unduck", "ducked_ms": int() | float() as ducked_ms, "reason": str(reason)}:
            yield "duck", ducked_ms, f"turned down for {ducked_ms:.0f} ms: {reason}"
        case {"type": "device.lost", "attempt": 0, "waiting_for": str(waiting_for)}:
            yield "trouble", 0, f"device lost: {waiting_for}"
        case {"type": "device.found", "input": str(device), "output": str(other), "away_ms": int(away_ms)}:
            yield "trouble", 0, f"sound is back after {away_ms / 1000:.1f} s: {device} {other}".rstrip()
        case {"type": "reconnecting", "attempt": 1, "reason": str(reason)}:
            yield "trouble", 0, f"connection lost: {reason}"
        case {"type": "reconnected", "planned": False, "away_ms": int(away_ms)}:
            yield "trouble", away_ms, f"the connection is back after {away_ms / 1000:.1f} s"
        case {"type": "error", "message": str(message)}:
            yield "trouble", 0, on_command_line(message)


def _figures(story: Story) -> dict[str, Any]:
    """Measures and costs; what is not known is None or empty."""
    summary, usage = story.last("summary"), story.last("usage")
    latency = summary.get("latency")
    latency = latency if isinstance(latency, dict) else {}
    least, about = "" if usage.get("complete") else "at least ", "about " if usage.get("estimated") else ""
    cost = money(usage.get("cost"), str(usage.get("currency", "")))
    return {
        "wait for an answer, ms": latency.get("turn_ms"),
        "the longest, ms": latency.get("turn_max_ms"),
        "from your last word, ms": latency.get("turn_heard_ms"),
        "silent after a barge-in, ms": latency.get("barge_in_ms"),
        word("xruns"): summary.get("xruns"),
        word("reconnected"): summary.get("reconnects"),
        "devices lost": summary.get("devices_lost"),
        "tokens to the model": usage.get("input_tokens"),
        "tokens from it": usage.get("output_tokens"),
        word("cost"): cost and f"{least}{about}{cost}",
        "ended by": summary.get("reason"),
    }
