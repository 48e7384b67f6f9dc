"""`voice bench echo`: how much of its own voice an agent hears over loudspeakers, and what is left of the person's.

The chain of a session in simulated rooms, beside other cancellers: an agent talks for half a minute, a person talks
over it at the same level, and then the path gets 60 ms longer. Where devices are named, the agent talks over them as
well, for twelve seconds: nobody speaks there and nothing moves, so that there are only the figures that need neither.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.case import Case
from benchmarks.report.results import OURS, Result, compared
from benchmarks.rigs.cancellers import Canceller, livekit, ours, speexdsp
from benchmarks.rigs.echo_recording import record_echo
from benchmarks.signals.echo_quality import (
    WINDOW_S,
    converged_s,
    erle_db,
    erle_over_time,
    intelligibility,
    lag_of,
    near_loss_db,
)
from benchmarks.signals.room import Signal, distort, simulated_room
from benchmarks.timing import quantiles
from engine.audio.processing.protocol import FRAMES, RATE_HZ
from engine.audio.processing.speech import SpeechDetector, SpeechLevel
from engine.audio.types import StreamRequest
from engine.errors import NoDeviceError
from engine.local.answering.speech import Voice
from engine.local.answering.story import ENGLISH

ROOMS_MS = (150, 250, 400, 600)
_USUAL_MS = 250
_DELAY_MS, _LONGER_MS = 80, 60
_TALK_S, _JUMP_S, _ALONE_S, _END_S = 12, 20, 28, 31
"""The person begins to talk over the agent; the path jumps; the person talks alone."""
_SETTLED_S, _FOLLOWED_S = 4, 5
"""Time after the beginning, and after the jump, from which the canceller is judged."""
_LEVEL = 0.1
"""RMS of the agent."""
_GAIN_DB, _NOISE_DB = -6.0, -62.0
_PHRASES = ("Stop, please.", "What is the time now?", "Turn off the light.", "Tell me a story.", "How much is it?")
_APART_S = 1.6
_STEPS = {"first_step_ms": SpeechLevel.SUSPECTED, "second_step_ms": SpeechLevel.SPEECH}
_LEVELS_HZ = RATE_HZ // FRAMES // 2
_ALONE_SECONDS, _SECONDS = 2.0, 4.0
"""Duration of a case without and with the rivals."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Half a minute at the speaker and the microphone, or less where nobody talks over the agent."""

    speaker: Signal
    microphone: Signal
    near: Signal
    onsets: tuple[int, ...]
    """Positions at which the person begins a phrase over the agent."""
    made_by: str


def cases(devices: StreamRequest, rooms_ms: Sequence[int] = ()) -> list[Case]:
    """One case for the devices, where any are named, and one for each room.

    Args:
        devices: Names of the microphone and the speaker.
        rooms_ms: Times in which they fall silent (RT60); the usual ones where there are none.
    """
    talk_s = float(_TALK_S)
    device = [Case("echo/devices", partial(_measure_devices, devices), talk_s, talk_s + _SECONDS)]
    return (device if devices.input or devices.output else []) + [
        Case(
            f"echo/{rt60_ms}ms",
            partial(_measure, rt60_ms),
            _ALONE_SECONDS,
            _SECONDS,
            in_quick=bool(rooms_ms) or rt60_ms == _USUAL_MS,
        )
        for rt60_ms in rooms_ms or ROOMS_MS
    ]


def _measure(rt60_ms: int, seconds: float) -> Result:
    return _compared(f"echo/{rt60_ms}ms", _scene(rt60_ms), has_rivals=seconds > _ALONE_SECONDS)


def _measure_devices(devices: StreamRequest, seconds: float) -> Result:
    sound = _speech()[0][: _TALK_S * RATE_HZ]
    microphone, speaker, info = record_echo(devices, sound)
    if not any(erle_over_time(microphone, np.zeros_like(microphone), RATE_HZ)):
        raise NoDeviceError("The microphone does not hear the speaker.", fix="Turn it up, or name others.")
    pair = " hears ".join(side.device for side in (info.input, info.output) if side)
    scene = Scene(speaker, microphone, np.zeros_like(speaker), (), pair)
    return _compared("echo/devices", scene, has_rivals=seconds > _TALK_S)


def _compared(case: str, scene: Scene, *, has_rivals: bool) -> Result:
    made: dict[str, Canceller | None] = {OURS: ours()}
    if has_rivals:
        made |= {"livekit": livekit(), "speexdsp": speexdsp()}
    there = {name: canceller for name, canceller in made.items() if canceller is not None}
    figures, found = {}, {}
    for name, canceller in there.items():
        output, levels, spent_ns = _run(canceller, scene)
        figures[name] = quantiles(spent_ns)
        steps = {} if canceller.speech_probability is None else _steps(scene, levels)
        found[name] = {**_quality(scene, output), **steps}
    alone = slice(_TALK_S * RATE_HZ)
    path_ms = 1000 * lag_of(scene.microphone[alone], scene.speaker[alone], RATE_HZ // 2) / RATE_HZ
    extra = {**found.pop(OURS), "path_ms": round(path_ms, 1), "room": scene.made_by, **found}
    missing = [name for name in made if name not in there]
    return compared("echo", case, "ns", figures, missing=missing, extra=extra)


def _run(canceller: Canceller, scene: Scene) -> tuple[Signal, NDArray[np.int_], list[float]]:
    """Return what is sent, the level of speech in each 20 ms of it, and the nanoseconds that each 10 ms took."""
    detector = SpeechDetector()
    blocks, levels, spent_ns = [], [], []
    for at in range(0, scene.microphone.size, FRAMES):
        microphone, speaker = scene.microphone[at : at + FRAMES], scene.speaker[at : at + FRAMES]
        began_ns = time.perf_counter_ns()
        blocks.append(canceller.process(microphone, speaker))
        spent_ns.append(float(time.perf_counter_ns() - began_ns))
        if len(blocks) % 2 == 0:  # as long as in a session
            sent, is_sounding = np.concatenate(blocks[-2:]), bool(speaker.any())
            levels.append(detector.take(sent, canceller.speech_probability, speaker_sounds=is_sounding))
    return np.concatenate(blocks), np.array(levels), spent_ns


def _quality(scene: Scene, output: Signal) -> dict[str, Any]:
    def part(signal: Signal, begin_s: float, end_s: float) -> Signal:
        return signal[round(begin_s * RATE_HZ) : round(end_s * RATE_HZ)]

    def erle_between(begin_s: float, end_s: float) -> float:
        return erle_db(part(scene.microphone, begin_s, end_s), part(output, begin_s, end_s))

    over_time = erle_over_time(scene.microphone, output, RATE_HZ)
    alone = {
        "erle_db": erle_between(_SETTLED_S, _TALK_S),
        "converged_s": converged_s(over_time[: round(_TALK_S / WINDOW_S)]),
        "erle_over_time_db": over_time,
    }
    if not scene.onsets:
        return alone
    jump = round(_JUMP_S / WINDOW_S)
    near, both = part(scene.near, _TALK_S, _JUMP_S), part(output, _TALK_S, _JUMP_S)
    lag = lag_of(part(output, _ALONE_S, _END_S), part(scene.near, _ALONE_S, _END_S), RATE_HZ // 10)
    return {
        **alone,
        "after_jump_db": erle_between(_JUMP_S + _FOLLOWED_S, _ALONE_S),
        "reconverged_s": converged_s(over_time[jump : round(_ALONE_S / WINDOW_S)]),
        "near_loss_db": near_loss_db(near, both, RATE_HZ),
        "stoi": intelligibility(near, both, RATE_HZ),
        "added_ms": round(1000 * lag / RATE_HZ, 1),
    }


def _steps(scene: Scene, levels: NDArray[np.int_]) -> dict[str, Any]:
    """Median time from a phrase's beginning to each step of ducking, and the steps while nobody talked."""
    figures: dict[str, Any] = {}
    for name, level in _STEPS.items():
        reached = levels >= level
        after_ms = [
            1000 * (1 + int(np.argmax(phrase))) / _LEVELS_HZ
            for onset in scene.onsets
            if (phrase := reached[(at := onset * _LEVELS_HZ // RATE_HZ) : at + round(_APART_S * _LEVELS_HZ)]).any()
        ]
        alone = reached[_SETTLED_S * _LEVELS_HZ : _TALK_S * _LEVELS_HZ]
        figures[name.replace("_ms", "s_false")] = int(np.sum(np.diff(alone.astype(np.int8)) > 0))
        if scene.onsets:
            figures[name] = float(np.median(after_ms)) if after_ms else None
            figures[name.replace("_ms", "s_missed")] = len(scene.onsets) - len(after_ms)
    return figures


@cache
def _speech() -> tuple[Signal, Signal, tuple[int, ...]]:
    """The agent's voice for half a minute, and a person's phrases at the level of its echo, with their beginnings."""
    voice = Voice()

    def say(text: str, name: str, rms: float) -> Signal:
        said = soxr.resample(voice.say(text, voice=name).astype(np.float32), voice.rate_hz, RATE_HZ)
        sounds = np.flatnonzero(np.abs(said) > np.max(np.abs(said)) / 100)
        said = said[sounds[0] : sounds[-1]]
        return np.asarray(said * rms / np.sqrt(np.mean(said**2)), np.float32)

    agent = np.resize(say(ENGLISH, "en-us", _LEVEL), _ALONE_S * RATE_HZ)
    near = np.zeros(_END_S * RATE_HZ, np.float32)
    onsets = tuple(round((_TALK_S + number * _APART_S) * RATE_HZ) for number in range(len(_PHRASES)))
    for begin, phrase in zip((*onsets, _ALONE_S * RATE_HZ), (*_PHRASES, " ".join(_PHRASES)), strict=True):
        said = say(phrase, "en-us+f3", _LEVEL * 10 ** (_GAIN_DB / 20))[: near.size - begin]
        near[begin : begin + said.size] = said
    return np.pad(agent, (0, near.size - agent.size)), near, onsets


def _scene(rt60_ms: int) -> Scene:
    speaker, near, onsets = _speech()
    room, made_by = simulated_room(rt60_ms, RATE_HZ, gain_db=_GAIN_DB)
    size = 1 << (speaker.size + room.size).bit_length()
    echo = np.fft.irfft(np.fft.rfft(distort(speaker), size) * np.fft.rfft(room, size), size).astype(np.float32)
    jump, delay, longer = (round(ms * RATE_HZ / 1000) for ms in (1000 * _JUMP_S, _DELAY_MS, _DELAY_MS + _LONGER_MS))
    heard = np.concatenate(
        [np.zeros(delay, np.float32), echo[: jump - delay], echo[jump - longer : near.size - longer]]
    )
    noise = np.random.default_rng(1).standard_normal(near.size) * 10 ** (_NOISE_DB / 20)
    return Scene(speaker, np.asarray(heard + near + noise, np.float32), near, onsets, made_by)
