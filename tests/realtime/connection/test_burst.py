"""A minute of audio in one burst, and a user who speaks right behind it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from engine.realtime.protocol.codec import decode_base64
from engine.realtime.session_events import BargeIn, FirstAudio
from tests.realtime.rig import rig
from tests.realtime.test_session import noise
from tests.support.scripted_server import Peer

BURST_S, DELTA_S, RATE_HZ = 60, 0.1, 24000


async def test_audio_that_an_interruption_overtakes_is_neither_decoded_nor_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded_s = 0.0

    def counted(text: str) -> bytes:
        nonlocal decoded_s
        audio = decode_base64(text)
        decoded_s += len(audio) / 2 / RATE_HZ
        return audio

    monkeypatch.setattr("engine.realtime.protocol.declarations.decode_base64", counted)
    delta = noise(DELTA_S).tobytes()
    heard_again = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.begin_response("r1")
        for _ in range(round(BURST_S / DELTA_S)):
            await peer.audio("r1", "i1", delta)
        await asyncio.sleep(0.001)
        await peer.send("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=100)
        truncated = await peer.expect("conversation.item.truncate", "conversation.item.delete")
        assert truncated["item_id"] == "i1"
        assert truncated.get("audio_end_ms", 0) <= 1000
        await peer.send("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=900)
        await heard_again.wait()
        await peer.answer("r2", "i2", delta)
        await peer.closed.wait()

    async with rig(script) as it:
        barge_in = await it.until_event(BargeIn)
        assert isinstance(barge_in, BargeIn)
        assert decoded_s < BURST_S / 6, "what was overtaken is decoded"
        before = len(it.stream.heard)
        await it.stream.run(2.0)
        assert not np.any(it.stream.heard[before + 4800 :]), "something that was overtaken is heard"
        heard_again.set()
        await it.until_event(FirstAudio, len(it.of(FirstAudio)) + 1)
