"""The page of a conversation: both sides on one time line, the words below it, and the sound to play from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from cli.errors import on_command_line
from cli.pages.template import filled
from cli.sessions.waves import Waves, waves_of
from cli.sessions.words import NAMES, call, clock, facts, money
from cli.terminal.sanitize import spoken
from engine.realtime.recording.story import Speaker, Story, Turn

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 7
"""As many as have room on a phone."""
_SCREEN_S = 300.0
"""Most of the time line that is seen at once; the rest is scrolled to."""
_MOST_MARKS = 2000
_LEGEND = {
    "wait": "wait for an answer",
    "tool": "tool",
    "duck": "turned down",
    "cut": "interrupted",
    "xrun": "sound lost",
    "trouble": "device, connection or error",
}
"""Kinds of marks, as the style names them."""


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
    seconds = max(waves.duration_s if waves else 0.0, story.sounds_at_s(story.duration_s), 1.0)
    in_order = sorted(_marks(story), key=lambda mark: list(_LEGEND).index(mark.kind))  # the later lies on top
    marks = [mark for mark in in_order if mark.at_s <= seconds][:_MOST_MARKS]
    zoom = max(1.0, seconds / _SCREEN_S)
    wide_s, step_s = _step_s(seconds), _step_s(seconds / zoom)
    return filled(
        Path(__file__).with_name("page.html.j2"),
        spoken,
        one=facts(story),
        waves=waves,
        note=note,
        seconds=seconds,
        zoom=zoom,
        ticks=[(at_s, at_s % wide_s > 0) for at_s in np.arange(0, seconds - 0.12 * seconds / zoom, step_s)],
        spans=[(turn.speaker, *_span(story, turn)) for turn in story.turns if turn.speaker is not Speaker.TOOL],
        marks=marks,
        legend={kind: words for kind, words in _LEGEND.items() if any(mark.kind == kind for mark in marks)},
        lines=sorted([*_lines(story), *_notes(marks)], key=lambda line: line["at_s"]),
        figures=list(_figures(story, marks)),
        clock=clock,
    )


def _step_s(seconds: float) -> float:
    return next((float(step) for step in _STEPS_S if seconds / step <= _MOST_TICKS), seconds / _MOST_TICKS)


def _waves(story: Story) -> tuple[Waves | None, str]:
    """The sound, or a sentence on why there is none."""
    if story.sound is None:
        return None, "No sound was kept."
    try:
        return waves_of(story.sound), ""
    except soundfile.SoundFileError:
        return None, f"The sound {story.sound.name} cannot be read."


def _span(story: Story, turn: Turn) -> tuple[float, float]:
    began_s = story.sounds_at_s(turn.at_s)
    return began_s, max(story.sounds_at_s(turn.end_s), began_s)


def _lines(story: Story) -> Iterator[dict[str, Any]]:
    """The words, one entry for each turn."""
    for turn in story.turns:
        is_tool = turn.speaker is Speaker.TOOL
        yield {
            "kind": str(turn.speaker),
            "at_s": story.sounds_at_s(turn.at_s),
            "name": NAMES[turn.speaker],
            "call": call(turn) if is_tool else "",
            "text": turn.text,
            "unheard": turn.unheard,
            "about": ", ".join(_about(turn)),
        }


def _about(turn: Turn) -> Iterator[str]:
    if turn.typed:
        yield "written"
    if turn.failed:
        yield "failed"
    if turn.tool and turn.returned:
        yield f"{1000 * (turn.end_s - turn.at_s):.0f} ms"
    if turn.latency_ms is not None:
        yield f"first sound after {turn.latency_ms:.0f} ms"
    if turn.heard_ms is not None:
        yield f"interrupted when {turn.heard_ms / 1000:.2f} s was heard"


def _notes(marks: list[Mark]) -> Iterator[dict[str, Any]]:
    """Lines that stand between the words."""
    for mark in marks:
        if mark.kind in ("xrun", "trouble"):
            yield {"kind": "note", "at_s": mark.at_s, "text": mark.text}


def _marks(story: Story) -> Iterator[Mark]:
    for turn in story.turns:
        began_s, ended_s = _span(story, turn)
        if turn.speaker is Speaker.TOOL:
            yield Mark("tool", began_s, ended_s, call(turn))
        elif turn.latency_ms is not None:
            yield Mark("wait", max(0.0, began_s - turn.latency_ms / 1000), began_s, f"{turn.latency_ms:.0f} ms")
    for at_s, event in story.events:
        for kind, lasted_ms, text in _mark(event):
            ended_s = story.sounds_at_s(at_s)
            yield Mark(kind, max(0.0, ended_s - lasted_ms / 1000), ended_s, text)


def _mark(event: dict[str, Any]) -> Iterator[tuple[str, float, str]]:
    """The kind of the mark of an event that has one, how long it had lasted by then, and its words."""
    match event:
        case {"type": "barge_in", "heard_ms": int(heard_ms)}:
            yield "cut", 0, f"interrupted when {heard_ms / 1000:.2f} s was heard"
        case {"type": "unduck", "ducked_ms": int() | float() as ducked_ms, "reason": str(reason)}:
            yield "duck", ducked_ms, f"turned down for {ducked_ms:.0f} ms: {reason}"
        case {"type": "xrun", "side": str(side), "frames": int(frames)}:
            yield "xrun", 0, f"{frames} frames of the {'microphone' if side == 'input' else 'speaker'} were lost"
        case {"type": "device.lost", "attempt": 0, "waiting_for": str(device)}:
            yield "trouble", 0, f"device lost: {device}"
        case {"type": "device.found", "input": str(source), "output": str(target), "away_ms": int(away_ms)}:
            yield "trouble", 0, f"sound is back after {away_ms / 1000:.1f} s: {source} {target}".rstrip()
        case {"type": "reconnecting", "attempt": 1, "reason": str(reason)}:
            yield "trouble", 0, f"connection lost: {reason}"
        case {"type": "reconnected", "planned": False, "away_ms": int(away_ms)}:
            yield "trouble", away_ms, f"the connection is back after {away_ms / 1000:.1f} s"
        case {"type": "error", "message": str(message)}:
            yield "trouble", 0, on_command_line(message)


def _figures(story: Story, marks: list[Mark]) -> Iterator[tuple[str, str]]:
    """Names and values of what was measured and paid; what is not known is left out."""
    summary, usage = story.last("summary"), story.last("usage")
    latency = summary.get("latency")
    for name, kind in (("answer", "turn"), ("answer, from your last word", "turn_heard"), ("barge-in", "barge_in")):
        times = [latency.get(f"{kind}{which}_ms") for which in ("", "_max")] if isinstance(latency, dict) else [None]
        if all(isinstance(time, int | float) for time in times):
            yield name, f"{times[0]:.0f} ms, longest {times[1]:.0f} ms"
    counts: list[tuple[str, Callable[[], Any]]] = [
        ("interruptions", lambda: sum(mark.kind == "cut" for mark in marks)),
        ("turned down", lambda: sum(mark.kind == "duck" for mark in marks)),
        ("xruns", lambda: summary.get("xruns")),
        ("reconnected", lambda: summary.get("reconnects")),
        ("devices lost", lambda: summary.get("devices_lost")),
        ("tokens", lambda: usage.get("input_tokens", 0) + usage.get("output_tokens", 0)),
    ]
    for name, count in counts:
        if isinstance(value := count(), int):
            yield name, str(value)
    if cost := money(usage.get("cost"), str(usage.get("currency", ""))):
        yield (
            "cost",
            f"{'' if usage.get('complete') else 'at least '}{'about ' if usage.get('estimated') else ''}{cost}",
        )
    if summary:
        yield "ended by", str(summary.get("reason", ""))
