"""Interruptions of a session on a real socket and a manual clock: which items the server is told of, and how much."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from engine.audio.port import FADE_MS
from engine.realtime.notices import AgentTextCut, BargeIn, FirstAudio, ResponseEnded, UserSpeech
from tests.realtime.rig import rig
from tests.support.scripted_server import Peer

KEYS = {"YANDEX_CLOUD_API_KEY": "test", "YANDEX_CLOUD_FOLDER_ID": "test", "OPENAI_API_KEY": "test"}
CUTS = ("conversation.item.truncate", "conversation.item.delete")


def tone(rate_hz: int, seconds: float) -> bytes:
    """It is loud from the first sample to the last."""
    return np.full(round(seconds * rate_hz), 8000, np.int16).tobytes()


def cuts(peer: Peer) -> list[tuple[str, str, Any]]:
    return [
        (event["type"].rsplit(".", 1)[1], event["item_id"], event.get("audio_end_ms"))
        for event in peer.received
        if event["type"] in CUTS
    ]


@pytest.mark.parametrize(("provider", "wire_hz"), [("openai", 24000), ("yandex", 44100)])
async def test_an_answer_generated_long_ago_is_cut_and_the_one_before_it_is_left_alone(
    provider: str, wire_hz: int
) -> None:
    second, interrupt = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.answer("r1", "i1", tone(wire_hz, 0.5))
        await second.wait()
        await peer.answer("r2", "i2", tone(wire_hz, 9.0))
        await interrupt.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1")

    async with rig(script, provider=provider, environ=KEYS) as it:
        await it.until_notice(ResponseEnded)
        await it.until(lambda: it.session.at_rest)
        second.set()
        await it.until_notice(ResponseEnded, 2)
        await it.until_notice(FirstAudio, 2)
        silent_frames = it.stream.heard.size
        await it.stream.run(2.0)
        interrupt.set()
        barge_in = await it.until_notice(BargeIn)
        await it.stream.run(0.1)
        sounded_ms = np.count_nonzero(np.abs(it.stream.heard) > 1e-4) / 48 - 500

    assert isinstance(barge_in, BargeIn)
    assert silent_frames
    ((kind, item, heard_ms),) = cuts(it.peer)
    assert (kind, item) == ("truncate", "i2")
    # The first answer's resampler rings for some milliseconds, which are no part of it.
    assert heard_ms == pytest.approx(sounded_ms, abs=8)


async def test_an_interruption_after_all_was_heard_tells_the_server_nothing() -> None:
    interrupt = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.answer("r1", "i1", tone(24000, 0.5))
        await interrupt.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1")

    async with rig(script) as it:
        await it.until_notice(ResponseEnded)
        await it.until(lambda: it.session.at_rest)
        interrupt.set()
        await it.until_notice(UserSpeech)
        await it.stream.run(0.2)
        assert not it.of(BargeIn)
    assert not cuts(it.peer)


async def test_the_silence_of_a_wait_and_of_an_underrun_is_not_heard_audio() -> None:
    more, interrupt = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        await peer.audio("r1", "i1", tone(24000, 0.1))
        await more.wait()
        await peer.audio("r1", "i1", tone(24000, 5.0))
        await interrupt.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1")

    async with rig(script) as it:
        await it.until_notice(FirstAudio)
        await it.stream.run(1.0)
        more.set()
        await it.until(lambda: bool(it.stream.heard[-1]))
        await it.stream.run(0.5)
        interrupt.set()
        await it.until_notice(BargeIn)
        summary = await it.end()
        heard = it.stream.heard

    # What dies away over the gap is no frame of the answer, but sounds: it is held, and falls in a straight line.
    sounded_ms = np.count_nonzero(np.abs(heard) > 1e-3) / 48 - FADE_MS
    ((_, _, heard_ms),) = cuts(it.peer)
    assert heard_ms == pytest.approx(sounded_ms, abs=2)
    assert 600 <= heard_ms <= 800
    # The answer waited for its cushion, and once for the server.
    assert (summary.playback.late_starts, summary.playback.underruns) == (1, 1)
    assert 20 <= summary.playback.late_start_ms <= 40
    assert summary.playback.underrun_ms >= 800
    assert summary.playback.cushion_ms == 300
    assert json.loads(json.dumps(summary.to_json()))["playback"]["underruns"] == 1


async def test_the_text_that_was_heard_is_told_with_the_cut() -> None:
    interrupt = asyncio.Event()
    text = "one two three four five six seven eight nine ten"

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        place = {"response_id": "r1", "item_id": "i1", "content_index": 0}
        await peer.send("response.output_audio_transcript.delta", **place, delta=text)
        await peer.audio("r1", "i1", tone(24000, 4.0))
        await peer.end_audio("r1", "i1")
        await peer.send("response.output_audio_transcript.done", **place, transcript=text)
        await peer.end_response("r1")
        await interrupt.wait()
        await peer.send("input_audio_buffer.speech_started", item_id="u1")

    async with rig(script) as it:
        await it.until_notice(ResponseEnded)
        await it.until_notice(FirstAudio)
        await it.stream.run(1.7)
        interrupt.set()
        cut = await it.until_notice(AgentTextCut)
        await it.stream.run(0.05)
    assert isinstance(cut, AgentTextCut)
    ((_, item, heard_ms),) = cuts(it.peer)
    assert (cut.item_id, cut.heard_ms) == (item, heard_ms)
    assert cut.text == "one two three four"
