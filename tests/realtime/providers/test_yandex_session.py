"""A session as Yandex AI Studio was seen to hold it, with every oddity at once."""

from __future__ import annotations

import asyncio

from engine.realtime.session_events import (
    AgentText,
    BargeIn,
    ErrorShown,
    FirstAudio,
    SessionStarted,
    UserSpeech,
    UserTranscript,
)
from engine.realtime.testing import Peer
from tests.realtime.virtual_rig import Held, hold, tone

RATE_HZ = 44100
AUDIO, TEXT = 1, 0
"""Content indices of an item: the text comes first."""


async def greet(peer: Peer) -> None:
    """The beginning: rates are null, and the update is confirmed twice."""
    await peer.send("session.created", session={"id": "s1", "audio": {"output": {"format": {"rate": None}}}})
    await peer.expect("session.update")
    echoed = {"id": "s1", "audio": {"input": {"format": {"rate": None}}, "output": {"format": {"rate": None}}}}
    for _ in range(2):
        await peer.send("session.updated", session=echoed)


async def hear(peer: Peer, item_id: str, text: str) -> None:
    """A turn of the user, announced under the beta's name and twice."""
    await peer.send("input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=500)
    await peer.send("input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=1500)
    for _ in range(2):
        await peer.send("conversation.item.created", item={"id": item_id, "type": "message", "role": "user"})
    for _ in range(2):
        completed = "conversation.item.input_audio_transcription.completed"
        await peer.send(completed, item_id=item_id, content_index=0, transcript=text)


async def answer(peer: Peer, number: int, text: str, seconds: float) -> None:
    """A spoken answer: its words as text at one index, its sound at another, the transcript besides at the end."""
    place = {"response_id": f"r{number}", "item_id": f"i{number}"}
    await peer.send("response.created", response={"id": place["response_id"]})
    item = {"id": place["item_id"], "type": "message", "role": "assistant"}
    await peer.send("response.output_item.added", response_id=place["response_id"], item=item)
    for word in text.split(" "):
        await peer.send("response.output_text.delta", **place, content_index=TEXT, delta=f"{word} ")
    await peer.send_audio(**place, pcm16=tone(seconds * RATE_HZ / 24000), content_index=AUDIO)
    await peer.send("response.output_audio.done", **place, content_index=AUDIO)
    await peer.send("response.output_text.done", **place, content_index=TEXT, text=text)
    await peer.send("response.output_audio_transcript.done", **place, content_index=AUDIO, transcript=text)
    await peer.send("response.output_item.done", response_id=place["response_id"], item=item)
    await peer.send("response.done", response={"id": place["response_id"], "status": "completed", "usage": None})


def test_a_conversation_with_every_oddity_of_the_service() -> None:
    async def script(peer: Peer) -> None:
        await greet(peer)
        await hear(peer, "u1", "какая погода")
        await answer(peer, 1, "В Москве облачно и тепло", 2.0)
        await asyncio.sleep(4.0)
        await hear(peer, "u2", "а завтра")
        await answer(peer, 2, "Завтра будет дождь, возьмите зонт", 8.0)
        await asyncio.sleep(3.0)
        await peer.send("input_audio_buffer.speech_started", item_id="u3")

    held: Held = hold(
        script, provider="yandex", duration_s=12, ignoring=["conversation.item.truncate", "response.cancel"]
    )
    assert held.error is None
    assert len(held.of(SessionStarted)) == 1
    assert [event.text for event in held.of(UserTranscript)] == ["какая погода", "а завтра"]
    # The words come twice, as text and as the transcript of the sound, and are shown once.
    assert [event.text for event in held.of(AgentText)] == [
        "В Москве облачно и тепло",
        "Завтра будет дождь, возьмите зонт",
    ]
    assert len(held.of(FirstAudio)) == 2
    assert len(held.of(UserSpeech)) == 5
    (barge_in,) = held.of(BargeIn)
    (truncate,) = held.peers[0].of_type("conversation.item.truncate")
    # At the index of the sound, in milliseconds at 44.1 kHz, of the second answer alone.
    assert (truncate["item_id"], truncate["content_index"]) == ("i2", AUDIO)
    assert truncate["audio_end_ms"] == barge_in.heard_ms
    assert 2800 <= barge_in.heard_ms <= 3020
    assert not held.of(ErrorShown)
    assert not held.peers[0].of_type("response.create")
