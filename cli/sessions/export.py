"""A kept conversation in the formats of others: subtitles, Markdown, JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import StrEnum
from html import escape

from cli.language.spoken import translated
from cli.sessions.words import NAMES, clock, done, facts
from cli.terminal.sanitize import json_text, spoken
from engine.realtime.recording.story import Speaker, Story, Turn

_LEAST_S = 1.5
"""Shortest time that a line of subtitles stands: what was typed takes none."""
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")


class Format(StrEnum):
    """A format that a conversation can be written in."""

    SRT = "srt"
    VTT = "vtt"
    JSON = "json"
    MARKDOWN = "md"
    WAV = "wav"


def _cues(story: Story) -> Iterator[tuple[float, float, Turn]]:
    """Everything that was said, with its beginning and end in the sound."""
    for turn in story.turns:
        if turn.speaker is not Speaker.TOOL and turn.text:
            is_cut = turn.heard_ms is not None
            yield turn.at_s, turn.end_s if is_cut else max(turn.end_s, turn.at_s + _LEAST_S), turn


def _srt(story: Story) -> str:
    cues = (
        f"{number}\n{_span(began_s, ended_s, ',')}\n{_name(turn)}: {_plain(turn.text).replace('-->', '->')}\n"
        for number, (began_s, ended_s, turn) in enumerate(_cues(story), 1)
    )
    return "\n".join(cues)


def _vtt(story: Story) -> str:
    cues = (
        f"{_span(began_s, ended_s, '.')}\n<v {_name(turn)}>{escape(_plain(turn.text), quote=False)}\n"
        for began_s, ended_s, turn in _cues(story)
    )
    return "\n".join(("WEBVTT\n", *cues))


def _name(turn: Turn) -> str:
    return translated(NAMES[turn.speaker])


def _markdown(story: Story) -> str:
    def words(text: str) -> str:
        return _MARKDOWN.sub(r"\\\1", _plain(text))

    def paragraph(turn: Turn) -> str:
        if turn.speaker is Speaker.TOOL:
            said = words(translated(done(turn)))
        else:
            said = f"{words(turn.text)}{f' ~~{words(turn.unheard)}~~' if turn.unheard else ''}"
        return f"**{_name(turn)}** ({clock(turn.at_s)}): {said}\n"

    return "\n".join((f"# {translated('Conversation')} {words(story.path.name)}\n", *map(paragraph, story.turns)))


def _json(story: Story) -> str:
    turns = [asdict(turn) for turn in story.turns]
    return json_text({**facts(story), "turns": turns, **{kind: story.last(kind) for kind in ("usage", "summary")}}, 2)


_WRITERS: dict[Format, Callable[[Story], str]] = {
    Format.SRT: _srt,
    Format.VTT: _vtt,
    Format.MARKDOWN: _markdown,
    Format.JSON: _json,
}


def exported(story: Story, wanted: Format) -> str:
    """Return a conversation in a format that is text."""
    return f"{_WRITERS[wanted](story).rstrip()}\n"


def _plain(text: str) -> str:
    return " ".join(spoken(text).split())


def _span(began_s: float, ended_s: float, point: str) -> str:
    return f"{_stamp(began_s, point)} --> {_stamp(ended_s, point)}"


def _stamp(seconds: float, point: str) -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds // 1000, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}{point}{milliseconds % 1000:03}"
